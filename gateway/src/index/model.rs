//! The accounts as they are now.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::LazyLock,
};

use proofmill_client::{address, arbiter, market};
use proofmill_protocol::amount;
use solana_address::Address;

use crate::{
    encode::{Amount, Key},
    index::explain,
    reflect::Program,
    views,
};

// Each takes a search for a point off the curve: once is enough.
static CONFIG: LazyLock<Address> = LazyLock::new(address::market_config);
static QUEUED_CONFIG: LazyLock<Address> = LazyLock::new(address::queued_config);
static ARBITER_CONFIG: LazyLock<Address> = LazyLock::new(address::arbiter_config);
static QUEUED_ARBITER: LazyLock<Address> = LazyLock::new(address::queued_arbiter);
static ROSTER: LazyLock<Address> = LazyLock::new(address::roster);

/// An account that the gateway shows, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    Config(Box<market::Config>),
    QueuedConfig(Box<market::QueuedConfig>),
    MintRule(market::MintRule),
    Provider(Box<market::Provider>),
    Offer(Box<market::Offer>),
    Job(Box<market::Job>),
    Bid(Box<market::Bid>),
    Stake(Box<market::Stake>),
    SlashCase(Box<market::SlashCase>),
    RewardPool(Box<market::RewardPool>),
    ArbiterConfig(Box<arbiter::ArbiterConfig>),
    QueuedArbiter(Box<arbiter::QueuedArbiter>),
    Roster(Box<arbiter::Roster>),
    ValidatorSet(Box<arbiter::ValidatorSet>),
    Round(Box<arbiter::Round>),
    Verdict(Box<arbiter::Verdict>),
}

impl Account {
    /// Decodes an account of a kind that is shown; nothing for other kinds, and for bytes that do not fit.
    pub fn decode(program: Program, data: &[u8]) -> Option<Self> {
        let discriminator = *data.first_chunk::<8>()?;
        match program {
            Program::Market => match discriminator {
                market::Config::DISCRIMINATOR => market::Config::decode(data).ok().map(Box::new).map(Self::Config),
                market::QueuedConfig::DISCRIMINATOR => {
                    market::QueuedConfig::decode(data).ok().map(Box::new).map(Self::QueuedConfig)
                }
                market::MintRule::DISCRIMINATOR => market::MintRule::decode(data).ok().map(Self::MintRule),
                market::Provider::DISCRIMINATOR => {
                    market::Provider::decode(data).ok().map(Box::new).map(Self::Provider)
                }
                market::Offer::DISCRIMINATOR => market::Offer::decode(data).ok().map(Box::new).map(Self::Offer),
                market::Job::DISCRIMINATOR => market::Job::decode(data).ok().map(Box::new).map(Self::Job),
                market::Bid::DISCRIMINATOR => market::Bid::decode(data).ok().map(Box::new).map(Self::Bid),
                market::Stake::DISCRIMINATOR => market::Stake::decode(data).ok().map(Box::new).map(Self::Stake),
                market::SlashCase::DISCRIMINATOR => {
                    market::SlashCase::decode(data).ok().map(Box::new).map(Self::SlashCase)
                }
                market::RewardPool::DISCRIMINATOR => {
                    market::RewardPool::decode(data).ok().map(Box::new).map(Self::RewardPool)
                }
                _ => None,
            },
            Program::Arbiter => match discriminator {
                arbiter::ArbiterConfig::DISCRIMINATOR => {
                    arbiter::ArbiterConfig::decode(data).ok().map(Box::new).map(Self::ArbiterConfig)
                }
                arbiter::QueuedArbiter::DISCRIMINATOR => {
                    arbiter::QueuedArbiter::decode(data).ok().map(Box::new).map(Self::QueuedArbiter)
                }
                arbiter::Roster::DISCRIMINATOR => arbiter::Roster::decode(data).ok().map(Box::new).map(Self::Roster),
                arbiter::ValidatorSet::DISCRIMINATOR => {
                    arbiter::ValidatorSet::decode(data).ok().map(Box::new).map(Self::ValidatorSet)
                }
                arbiter::Round::DISCRIMINATOR => arbiter::Round::decode(data).ok().map(Box::new).map(Self::Round),
                arbiter::Verdict::DISCRIMINATOR => arbiter::Verdict::decode(data).ok().map(Box::new).map(Self::Verdict),
                _ => None,
            },
        }
    }

    /// The account's bytes as the program writes them.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Config(account) => account.encode(),
            Self::QueuedConfig(account) => account.encode(),
            Self::MintRule(account) => account.encode(),
            Self::Provider(account) => account.encode(),
            Self::Offer(account) => account.encode(),
            Self::Job(account) => account.encode(),
            Self::Bid(account) => account.encode(),
            Self::Stake(account) => account.encode(),
            Self::SlashCase(account) => account.encode(),
            Self::RewardPool(account) => account.encode(),
            Self::ArbiterConfig(account) => account.encode(),
            Self::QueuedArbiter(account) => account.encode(),
            Self::Roster(account) => account.encode(),
            Self::ValidatorSet(account) => account.encode(),
            Self::Round(account) => account.encode(),
            Self::Verdict(account) => account.encode(),
        }
    }
}

/// What a change of an account touches, for streams and for what is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    Job(Address),
    Offer(Address),
    Provider(Address),
    /// The round, and the job it judges.
    Round(Address, Address),
    /// Something else that answers are made of.
    Other,
}

#[derive(Clone, Debug)]
struct Held {
    slot: u64,
    program: Program,
    account: Account,
}

/// Every account that is shown, with the indexes by which it is asked for.
#[derive(Clone, Debug, Default)]
pub struct Model {
    held: HashMap<Address, Held>,
    providers: BTreeSet<Address>,
    offers: BTreeSet<Address>,
    offers_of: HashMap<Address, BTreeSet<Address>>,
    jobs: BTreeSet<Address>,
    bids_on: HashMap<Address, BTreeSet<Address>>,
    cases: BTreeSet<Address>,
    pools: BTreeSet<Address>,
    mints: BTreeMap<Address, Address>,
    rounds_of: HashMap<Address, BTreeSet<Address>>,
    sets: BTreeMap<u32, Address>,
    /// By owner: the address is derived, which takes longer than everything else about an answer.
    stakes: HashMap<Address, Address>,
    /// Newest slot that any account was read at.
    slot: u64,
    /// The chain's clock, unix seconds.
    now: i64,
}

impl Model {
    /// An account as it was read at a slot. An older read than the one held changes nothing.
    pub fn update(&mut self, program: Program, at: Address, slot: u64, data: &[u8]) -> Option<Touched> {
        self.slot = self.slot.max(slot);
        if self.held.get(&at).is_some_and(|held| held.slot > slot) {
            return None;
        }
        let Some(account) = Account::decode(program, data) else {
            return self.remove(at, slot);
        };
        if self.held.get(&at).is_some_and(|held| held.account == account) {
            if let Some(held) = self.held.get_mut(&at) {
                held.slot = slot;
            }
            return None;
        }
        self.unlink(&at);
        self.link(at, &account);
        let touched = touched(at, &account);
        self.held.insert(at, Held { slot, program, account });
        Some(touched)
    }

    /// An account that a read at a slot did not find.
    pub fn remove(&mut self, at: Address, slot: u64) -> Option<Touched> {
        self.slot = self.slot.max(slot);
        if self.held.get(&at).is_none_or(|held| held.slot > slot) {
            return None;
        }
        self.unlink(&at);
        self.held.remove(&at).map(|held| touched(at, &held.account))
    }

    /// The chain's clock. It does not go back.
    pub fn set_clock(&mut self, slot: u64, now: i64) {
        self.slot = self.slot.max(slot);
        self.now = self.now.max(now);
    }

    pub fn now(&self) -> i64 {
        self.now
    }

    pub fn slot(&self) -> u64 {
        self.slot
    }

    /// Slot at which an account was read last.
    pub fn slot_of(&self, at: &Address) -> Option<u64> {
        self.held.get(at).map(|held| held.slot)
    }

    /// Every account held, for comparison with the chain: address, program, bytes.
    pub fn dump(&self) -> BTreeMap<Address, (Program, Vec<u8>)> {
        self.held.iter().map(|(at, held)| (*at, (held.program, held.account.encode()))).collect()
    }

    /// Number of accounts held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn link(&mut self, at: Address, account: &Account) {
        match account {
            Account::Provider(_) => {
                self.providers.insert(at);
            }
            Account::Offer(offer) => {
                self.offers.insert(at);
                self.offers_of.entry(offer.provider).or_default().insert(at);
            }
            Account::Job(_) => {
                self.jobs.insert(at);
            }
            Account::Bid(bid) => {
                self.bids_on.entry(bid.job).or_default().insert(at);
            }
            Account::SlashCase(_) => {
                self.cases.insert(at);
            }
            Account::RewardPool(_) => {
                self.pools.insert(at);
            }
            Account::MintRule(rule) => {
                self.mints.insert(rule.mint, at);
            }
            Account::Round(round) => {
                self.rounds_of.entry(round.job).or_default().insert(at);
            }
            Account::ValidatorSet(set) => {
                self.sets.insert(set.epoch, at);
            }
            Account::Stake(stake) => {
                self.stakes.insert(stake.owner, at);
            }
            _ => {}
        }
    }

    fn unlink(&mut self, at: &Address) {
        let Some(held) = self.held.get(at) else { return };
        match &held.account {
            Account::Provider(_) => {
                self.providers.remove(at);
            }
            Account::Offer(offer) => {
                self.offers.remove(at);
                forget(&mut self.offers_of, &offer.provider, at);
            }
            Account::Job(_) => {
                self.jobs.remove(at);
            }
            Account::Bid(bid) => forget(&mut self.bids_on, &bid.job, at),
            Account::SlashCase(_) => {
                self.cases.remove(at);
            }
            Account::RewardPool(_) => {
                self.pools.remove(at);
            }
            Account::MintRule(rule) => {
                self.mints.remove(&rule.mint);
            }
            Account::Round(round) => forget(&mut self.rounds_of, &round.job, at),
            Account::ValidatorSet(set) => {
                self.sets.remove(&set.epoch);
            }
            Account::Stake(stake) => {
                self.stakes.remove(&stake.owner);
            }
            _ => {}
        }
    }

    fn account(&self, at: &Address) -> Option<&Account> {
        self.held.get(at).map(|held| &held.account)
    }

    pub fn config(&self) -> Option<&market::Config> {
        match self.account(&CONFIG)? {
            Account::Config(config) => Some(config),
            _ => None,
        }
    }

    pub fn queued_config(&self) -> Option<&market::QueuedConfig> {
        match self.account(&QUEUED_CONFIG)? {
            Account::QueuedConfig(queued) => Some(queued),
            _ => None,
        }
    }

    pub fn arbiter_config(&self) -> Option<&arbiter::ArbiterConfig> {
        match self.account(&ARBITER_CONFIG)? {
            Account::ArbiterConfig(config) => Some(config),
            _ => None,
        }
    }

    pub fn queued_arbiter(&self) -> Option<&arbiter::QueuedArbiter> {
        match self.account(&QUEUED_ARBITER)? {
            Account::QueuedArbiter(queued) => Some(queued),
            _ => None,
        }
    }

    pub fn mint_rule(&self, mint: &Address) -> Option<&market::MintRule> {
        match self.account(self.mints.get(mint)?)? {
            Account::MintRule(rule) => Some(rule),
            _ => None,
        }
    }

    pub fn mint_rules(&self) -> impl Iterator<Item = &market::MintRule> {
        self.mints.keys().filter_map(|mint| self.mint_rule(mint))
    }

    pub fn provider(&self, at: &Address) -> Option<&market::Provider> {
        match self.account(at)? {
            Account::Provider(provider) => Some(provider),
            _ => None,
        }
    }

    pub fn offer(&self, at: &Address) -> Option<&market::Offer> {
        match self.account(at)? {
            Account::Offer(offer) => Some(offer),
            _ => None,
        }
    }

    pub fn job(&self, at: &Address) -> Option<&market::Job> {
        match self.account(at)? {
            Account::Job(job) => Some(job),
            _ => None,
        }
    }

    pub fn bid(&self, at: &Address) -> Option<&market::Bid> {
        match self.account(at)? {
            Account::Bid(bid) => Some(bid),
            _ => None,
        }
    }

    pub fn stake(&self, at: &Address) -> Option<&market::Stake> {
        match self.account(at)? {
            Account::Stake(stake) => Some(stake),
            _ => None,
        }
    }

    pub fn case(&self, at: &Address) -> Option<&market::SlashCase> {
        match self.account(at)? {
            Account::SlashCase(case) => Some(case),
            _ => None,
        }
    }

    pub fn pool(&self, at: &Address) -> Option<&market::RewardPool> {
        match self.account(at)? {
            Account::RewardPool(pool) => Some(pool),
            _ => None,
        }
    }

    pub fn round(&self, at: &Address) -> Option<&arbiter::Round> {
        match self.account(at)? {
            Account::Round(round) => Some(round),
            _ => None,
        }
    }

    pub fn verdict(&self, at: &Address) -> Option<&arbiter::Verdict> {
        match self.account(at)? {
            Account::Verdict(verdict) => Some(verdict),
            _ => None,
        }
    }

    pub fn roster(&self) -> Option<&arbiter::Roster> {
        match self.account(&ROSTER)? {
            Account::Roster(roster) => Some(roster),
            _ => None,
        }
    }

    pub fn set(&self, epoch: u32) -> Option<&arbiter::ValidatorSet> {
        match self.account(self.sets.get(&epoch)?)? {
            Account::ValidatorSet(set) => Some(set),
            _ => None,
        }
    }

    pub fn providers(&self) -> impl Iterator<Item = (Address, &market::Provider)> {
        self.providers.iter().filter_map(|at| Some((*at, self.provider(at)?)))
    }

    pub fn offers(&self) -> impl Iterator<Item = (Address, &market::Offer)> {
        self.offers.iter().filter_map(|at| Some((*at, self.offer(at)?)))
    }

    pub fn offers_of(&self, provider: &Address) -> impl Iterator<Item = Address> {
        self.offers_of.get(provider).into_iter().flatten().copied()
    }

    pub fn jobs(&self) -> impl Iterator<Item = (Address, &market::Job)> {
        self.jobs.iter().filter_map(|at| Some((*at, self.job(at)?)))
    }

    pub fn bids_on(&self, job: &Address) -> impl Iterator<Item = (Address, &market::Bid)> {
        self.bids_on.get(job).into_iter().flatten().filter_map(|at| Some((*at, self.bid(at)?)))
    }

    pub fn cases(&self) -> impl Iterator<Item = (Address, &market::SlashCase)> {
        self.cases.iter().filter_map(|at| Some((*at, self.case(at)?)))
    }

    pub fn pools(&self) -> impl Iterator<Item = (Address, &market::RewardPool)> {
        self.pools.iter().filter_map(|at| Some((*at, self.pool(at)?)))
    }

    pub fn rounds_of(&self, job: &Address) -> impl Iterator<Item = (Address, &arbiter::Round)> {
        self.rounds_of.get(job).into_iter().flatten().filter_map(|at| Some((*at, self.round(at)?)))
    }

    /// The stake of an owner.
    pub fn stake_of(&self, owner: &Address) -> Option<(Address, &market::Stake)> {
        let at = self.stakes.get(owner)?;
        Some((*at, self.stake(at)?))
    }

    /// The stake of an owner, as it is shown.
    pub fn stake_view(&self, owner: &Address) -> Option<views::Stake> {
        let (at, stake) = self.stake_of(owner)?;
        Some(views::stake(at, stake))
    }

    pub fn provider_view(&self, at: Address, provider: &market::Provider) -> views::Provider {
        views::provider(at, provider, self.stake_view(&provider.owner))
    }

    /// An offer as it is shown; nothing if its provider is not known.
    pub fn offer_view(&self, at: Address, offer: &market::Offer) -> Option<views::Offer> {
        let provider = self.provider(&offer.provider)?;
        let stake = self.stake_of(&provider.owner).map(|(_, stake)| stake);
        let active_jobs = stake.map_or(0, |stake| stake.active_jobs);
        Some(views::offer(at, offer, provider, active_jobs, self.fits_now(offer, provider, stake)))
    }

    /// Whether the smallest job that the rules allow could take the offer at this moment.
    fn fits_now(&self, offer: &market::Offer, provider: &market::Provider, stake: Option<&market::Stake>) -> bool {
        let (Some(config), Some(rule), Some(stake)) = (self.config(), self.mint_rule(&offer.mint), stake) else {
            return false;
        };
        let smallest = offer.price_per_second.max(rule.escrow_min);
        let rate = explain::lock_rate(config, rule, provider, false);
        let lock = amount::scale(smallest, rate).unwrap_or(u64::MAX).max(config.provider_stake_min);
        provider.active == 1
            && rule.enabled == 1
            && self.now < offer.expires_at
            && (provider.simulated == 0 || config.allow_simulated == 1)
            && stake.active_jobs < u32::from(provider.capacity)
            && stake.bonded.saturating_sub(stake.locked) >= lock
    }

    pub fn case_view(&self, at: Address, case: &market::SlashCase) -> views::Case {
        views::case(at, case, self.stake(&case.stake).map(|stake| stake.owner))
    }

    /// A round as it is shown.
    pub fn round_view(&self, at: Address, round: &arbiter::Round) -> views::Round {
        let set = self.set(round.epoch);
        let seats = round.seats.min(9);
        let validator = |seat: u8| {
            let member = *round.committee.get(usize::from(seat))?;
            let identity = set?.identities.get(usize::from(member))?;
            Some(Address::new_from_array(*identity))
        };
        let votes = [
            round.votes_valid,
            round.votes_invalid,
            round.votes_unavailable,
            round.votes_inconclusive,
            round.votes_divergent,
        ];
        let bit = |bits: u16, seat: u8| bits & (1 << seat) != 0;
        let verdict = match round.index {
            3 => None,
            _ => self.verdict(&address::verdict(&round.job, round.attempt)),
        };
        let opinion = verdict.and_then(|verdict| proofmill_protocol::verdict::Opinion::from_code(verdict.opinion));
        views::Round {
            address: Key(at),
            index: round.index,
            attempt: Some(round.attempt),
            epoch: Some(round.epoch),
            state: match round.state {
                1 => "open",
                2 => "escalated",
                3 => "final",
                _ => "unknown",
            }
            .to_owned(),
            threshold: Some(round.threshold),
            reveals_min: Some(round.reveals_min),
            committee: (0..seats).map(|seat| validator(seat).map(Key)).collect(),
            committed: (0..seats).map(|seat| bit(round.committed, seat)).collect(),
            missed: (0..seats).map(|seat| bit(round.missed, seat)).collect(),
            revealed: views::opinions(votes, seats, validator),
            re_executor: Key::known(round.executor),
            re_executed: round.reexecuted == 1,
            opened_at: Some(round.opened_at),
            commit_until: Some(round.commit_until),
            reveal_until: Some(round.reveal_until),
            verdict: opinion.map(|opinion| opinion.name().to_owned()),
        }
    }

    /// The validators on the roster.
    pub fn validators(&self) -> Vec<views::Validator> {
        let (Some(roster), Some(config)) = (self.roster(), self.arbiter_config()) else { return Vec::new() };
        let in_set = |epoch: u32, identity: &[u8; 32]| {
            self.set(epoch)
                .is_some_and(|set| set.identities.iter().take(usize::from(set.count)).any(|member| member == identity))
        };
        (0..usize::from(roster.count))
            .filter_map(|at| {
                let identity = roster.identities.get(at)?;
                let owner = Address::new_from_array(*identity);
                let place = roster.endpoints.get(at)?;
                let (ip, port) = place.split_first_chunk::<16>()?;
                let port = u16::from_le_bytes(port.try_into().ok()?);
                Some(views::Validator {
                    owner: Key(owner),
                    delegate: Key(Address::new_from_array(*roster.delegates.get(at)?)),
                    node_key: crate::encode::Hash32(*roster.vote_keys.get(at)?),
                    endpoint: crate::encode::endpoint(*ip, port),
                    weight: Amount(*roster.weights.get(at)?),
                    weighed_at: *roster.weighed_at.get(at)?,
                    stake: self.stake_view(&owner),
                    in_set: in_set(config.epoch, identity),
                    in_next_set: config.frozen_epoch > config.epoch && in_set(config.frozen_epoch, identity),
                })
            })
            .collect()
    }

    /// The present epoch, and the set that serves next.
    pub fn epoch(&self) -> Option<views::Epoch> {
        let config = self.arbiter_config()?;
        let next = (config.frozen_epoch > config.epoch).then(|| self.set(config.frozen_epoch)).flatten();
        Some(views::Epoch {
            epoch: config.epoch,
            started_at: config.epoch_started_at,
            epoch_seconds: config.epoch_seconds,
            frozen: self.set(config.epoch).map(views::members).unwrap_or_default(),
            next: next.map(|set| views::Set {
                epoch: set.epoch,
                frozen_at: set.frozen_at,
                members: views::members(set),
            }),
        })
    }
}

fn touched(at: Address, account: &Account) -> Touched {
    match account {
        Account::Job(_) => Touched::Job(at),
        Account::Offer(_) => Touched::Offer(at),
        Account::Provider(_) => Touched::Provider(at),
        Account::Stake(stake) => Touched::Provider(address::provider(&stake.owner)),
        Account::Round(round) => Touched::Round(at, round.job),
        Account::Bid(bid) => Touched::Job(bid.job),
        _ => Touched::Other,
    }
}

fn forget(index: &mut HashMap<Address, BTreeSet<Address>>, key: &Address, at: &Address) {
    if let Some(held) = index.get_mut(key) {
        held.remove(at);
        if held.is_empty() {
            index.remove(key);
        }
    }
}
