//! What the chain says, decoded: jobs, rounds, verdicts and stakes as the watchers deliver them, the configurations
//! and the clock as they are read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use proofmill_chain::{AccountSnapshot, ChainTime, Change};
use proofmill_client::{arbiter, market};
use proofmill_oracle_core::{
    EpochFacts, Facts, JobLife, JobOnChain, MemberFacts, RevealFacts, RoundOnChain, StakeFacts, VerdictOnChain,
};
use proofmill_protocol::{
    job::JobState,
    quorum::{Rule, Votes, Windows},
    service::Meter,
    verdict::Opinion,
};
use solana_address::Address;

use crate::limits::CLOCK_AGE_MAX;

/// `state` of a round that takes commitments and is not decided.
pub const ROUND_OPEN: u8 = 1;

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// `Job` accounts of the market.
    Jobs,
    /// `Stake` accounts of the market.
    Stakes,
    /// `Round` accounts of the arbiter.
    Rounds,
    /// `Verdict` accounts of the arbiter.
    Verdicts,
}

impl Watched {
    /// Everything watched.
    pub const ALL: [Self; 4] = [Self::Jobs, Self::Stakes, Self::Rounds, Self::Verdicts];

    /// The program that owns the accounts.
    pub const fn program(self) -> Address {
        match self {
            Self::Jobs | Self::Stakes => market::ID,
            Self::Rounds | Self::Verdicts => arbiter::ID,
        }
    }

    /// First eight bytes of the accounts.
    pub const fn discriminator(self) -> [u8; 8] {
        match self {
            Self::Jobs => market::Job::DISCRIMINATOR,
            Self::Stakes => market::Stake::DISCRIMINATOR,
            Self::Rounds => arbiter::Round::DISCRIMINATOR,
            Self::Verdicts => arbiter::Verdict::DISCRIMINATOR,
        }
    }
}

/// The mirror.
#[derive(Default)]
pub struct Mirror {
    jobs: BTreeMap<Address, market::Job>,
    stakes: BTreeMap<Address, market::Stake>,
    /// What each owner has bonded, atoms.
    bonded: BTreeMap<Address, u64>,
    stake_owners: BTreeMap<Address, Address>,
    rounds: BTreeMap<Address, arbiter::Round>,
    verdicts: BTreeMap<Address, arbiter::Verdict>,
    rounds_of: BTreeMap<Address, BTreeSet<Address>>,
    verdicts_of: BTreeMap<Address, BTreeSet<Address>>,
    synced: BTreeSet<Watched>,
    clock: Option<(ChainTime, Instant)>,
    /// The market's configuration.
    pub market: Option<market::Config>,
    /// The arbiter's configuration.
    pub arbiter: Option<arbiter::ArbiterConfig>,
    /// The roster, once it was read.
    pub roster: Option<Arc<arbiter::Roster>>,
    /// Old validator sets that may be closed, and who paid for them.
    pub old_sets: BTreeMap<u32, Address>,
    /// Members of the present set, or of the roster before the first.
    pub members: Vec<[u8; 32]>,
}

impl Mirror {
    /// Takes in a change. An account that cannot be decoded is of another version and is left out, with a warning.
    pub fn apply(&mut self, watched: Watched, change: Change) {
        match change {
            Change::Updated(account) => {
                if let Err(error) = self.update(watched, &account) {
                    let address = account.address.to_string();
                    tracing::warn!(?watched, address, %error, "an account is unreadable; is this release too old?");
                }
            }
            Change::Removed { address, .. } => self.remove(watched, &address),
            Change::Synced { slot } => {
                tracing::debug!(?watched, slot, "in step with the chain");
                self.synced.insert(watched);
            }
            Change::Disconnected { reason } => {
                tracing::warn!(?watched, reason, "changes may come late");
                self.synced.remove(&watched);
            }
        }
    }

    fn update(&mut self, watched: Watched, account: &AccountSnapshot) -> Result<(), proofmill_client::DecodeError> {
        let address = account.address;
        match watched {
            Watched::Jobs => {
                self.jobs.insert(address, market::Job::decode(&account.data)?);
            }
            Watched::Stakes => {
                let stake = market::Stake::decode(&account.data)?;
                self.bonded.insert(stake.owner, stake.bonded);
                self.stake_owners.insert(address, stake.owner);
                if stake.slashed > 0 {
                    self.stakes.insert(address, stake);
                } else {
                    self.stakes.remove(&address);
                }
            }
            Watched::Rounds => {
                let round = arbiter::Round::decode(&account.data)?;
                self.rounds_of.entry(round.job).or_default().insert(address);
                self.rounds.insert(address, round);
            }
            Watched::Verdicts => {
                let verdict = arbiter::Verdict::decode(&account.data)?;
                self.verdicts_of.entry(verdict.job).or_default().insert(address);
                self.verdicts.insert(address, verdict);
            }
        }
        Ok(())
    }

    fn remove(&mut self, watched: Watched, address: &Address) {
        let forget = |index: &mut BTreeMap<Address, BTreeSet<Address>>, job: Address| {
            if let Some(of_job) = index.get_mut(&job) {
                of_job.remove(address);
                if of_job.is_empty() {
                    index.remove(&job);
                }
            }
        };
        match watched {
            Watched::Jobs => {
                self.jobs.remove(address);
            }
            Watched::Stakes => {
                self.stakes.remove(address);
                if let Some(owner) = self.stake_owners.remove(address) {
                    self.bonded.remove(&owner);
                }
            }
            Watched::Rounds => {
                if let Some(round) = self.rounds.remove(address) {
                    forget(&mut self.rounds_of, round.job);
                }
            }
            Watched::Verdicts => {
                if let Some(verdict) = self.verdicts.remove(address) {
                    forget(&mut self.verdicts_of, verdict.job);
                }
            }
        }
    }

    /// Takes in a read of the chain's clock.
    pub fn set_clock(&mut self, time: ChainTime) {
        self.clock = Some((time, Instant::now()));
    }

    /// Now on the chain's clock, as far as it is known well enough to decide on. It never runs ahead of what was
    /// read: a deadline is over when the chain says so.
    pub fn now(&self) -> Option<i64> {
        let (time, read_at) = self.clock.as_ref()?;
        (read_at.elapsed() <= CLOCK_AGE_MAX).then_some(time.unix_timestamp)
    }

    /// Whether everything needed to judge is seen as it is.
    pub fn ready(&self) -> bool {
        self.synced.len() == Watched::ALL.len() && self.now().is_some() && self.arbiter.is_some()
    }

    /// Whether jobs, rounds and verdicts are seen as they are, so that what is absent is not there.
    pub fn complete(&self) -> bool {
        self.synced.len() == Watched::ALL.len()
    }

    /// A job.
    pub fn job(&self, address: &Address) -> Option<&market::Job> {
        self.jobs.get(address)
    }

    /// A round.
    pub fn round(&self, address: &Address) -> Option<&arbiter::Round> {
        self.rounds.get(address)
    }

    /// A verdict.
    pub fn verdict(&self, address: &Address) -> Option<&arbiter::Verdict> {
        self.verdicts.get(address)
    }

    /// A stake with something slashed in it.
    pub fn stake(&self, address: &Address) -> Option<&market::Stake> {
        self.stakes.get(address)
    }

    /// Every round.
    pub fn rounds(&self) -> impl Iterator<Item = (&Address, &arbiter::Round)> {
        self.rounds.iter()
    }

    /// Jobs and rounds held.
    pub fn sizes(&self) -> (usize, usize) {
        (self.jobs.len(), self.rounds.len())
    }

    /// Everything a crank may be due for, by subject. The epoch's subject is the arbiter's configuration.
    pub fn crank_subjects(&self) -> Vec<(Address, Facts)> {
        let jobs: BTreeSet<&Address> =
            self.jobs.keys().chain(self.rounds_of.keys()).chain(self.verdicts_of.keys()).collect();
        let mut out: Vec<(Address, Facts)> =
            jobs.into_iter().map(|job| (*job, Facts::Job(self.job_facts(job)))).collect();
        let stakes = self.stakes.iter();
        out.extend(stakes.map(|(at, stake)| (*at, Facts::Stake(StakeFacts { slashed: stake.slashed }))));
        if let Some(config) = &self.arbiter {
            let epoch = EpochFacts {
                epoch: config.epoch,
                frozen_epoch: config.frozen_epoch,
                old_set: self.old_sets.keys().next().copied(),
                epoch_started_at: config.epoch_started_at,
                epoch_seconds: config.epoch_seconds,
                roster: self.roster.as_ref().map_or(0, |roster| roster.count),
                committee: config.committee,
            };
            out.push((proofmill_client::address::arbiter_config(), Facts::Epoch(epoch)));
        }
        if let (Some(roster), Some(config)) = (&self.roster, &self.arbiter) {
            let members = roster.identities.iter().zip(roster.weights).zip(roster.weighed_at);
            for ((identity, weight), weighed_at) in members.take(usize::from(roster.count)) {
                let owner = Address::new_from_array(*identity);
                if let Some(&bonded) = self.bonded.get(&owner) {
                    let member = MemberFacts { weight, bonded, weighed_at, epoch_seconds: config.epoch_seconds };
                    // Apart from the stake's own subject, which may be swept at the same time.
                    out.push((owner, Facts::Member(member)));
                }
            }
        }
        out
    }

    /// Identities on the roster.
    pub fn roster_members(&self) -> Vec<[u8; 32]> {
        let members = |roster: &Arc<arbiter::Roster>| -> Vec<[u8; 32]> {
            roster.identities.into_iter().take(usize::from(roster.count)).collect()
        };
        self.roster.as_ref().map(members).unwrap_or_default()
    }

    fn job_facts(&self, job: &Address) -> JobOnChain {
        let of_job = |index: &BTreeMap<Address, BTreeSet<Address>>| index.get(job).cloned().unwrap_or_default();
        JobOnChain {
            life: self.jobs.get(job).and_then(life_of),
            rounds: of_job(&self.rounds_of)
                .iter()
                .filter_map(|at| Some((at, self.rounds.get(at)?)))
                .map(|(at, round)| round_facts(at, round))
                .collect(),
            verdicts: of_job(&self.verdicts_of)
                .iter()
                .filter_map(|at| verdict_facts(at, self.verdicts.get(at)?))
                .collect(),
        }
    }
}

/// `Job.kind` of a service.
const KIND_SERVICE: u8 = 3;

fn life_of(job: &market::Job) -> Option<JobLife> {
    Some(JobLife {
        nonce: job.nonce,
        attempt: job.attempt,
        state: JobState::from_code(job.state)?,
        audit_bps: job.audit_bps,
        opened_at: job.opened_at,
        bids_until: job.bids_until,
        has_bid: job.best_bidder != Address::default(),
        matched_at: job.matched_at,
        started_at: job.started_at,
        receipt_at: job.receipt_at,
        start_window_seconds: job.start_window_seconds,
        max_seconds: job.max_seconds,
        receipt_grace_seconds: job.receipt_grace_seconds,
        challenge_window_seconds: job.challenge_window_seconds,
        verdict_window_seconds: job.verdict_window_seconds,
        receipt_hash: job.receipt_hash,
        fee: job.fee,
        claimed: job.claimed,
        audit_paid: job.audit_paid,
        service: (job.kind == KIND_SERVICE).then_some(Meter {
            started_at: job.started_at,
            paused_at: job.paused_at,
            ended_at: job.receipt_at,
            paused_ms: job.paused_ms,
            max_seconds: job.max_seconds,
            usage_ms: job.metered_ms,
            usage_at: job.usage_at,
            usage_timeout_seconds: job.usage_timeout_seconds,
        }),
    })
}

/// The rule under which a round was opened.
pub fn rule_of(round: &arbiter::Round) -> Rule {
    Rule {
        committee: round.seats,
        threshold: round.threshold,
        reveals_min: round.reveals_min,
        unanimous: round.index <= 1,
    }
}

/// What was said in it.
pub fn votes_of(round: &arbiter::Round) -> Votes {
    Votes {
        valid: round.votes_valid,
        invalid: round.votes_invalid,
        unavailable: round.votes_unavailable,
        inconclusive: round.votes_inconclusive,
        divergent: round.votes_divergent,
    }
}

/// Its windows, and who has spoken.
pub fn reveal_facts(round: &arbiter::Round) -> RevealFacts {
    let windows = Windows {
        seats: round.seats,
        committed: round.committed,
        commit_until: round.commit_until,
        reveal_until: round.reveal_until,
    };
    RevealFacts { windows, spoken: votes_of(round).spoken() }
}

/// Whether a seat has committed.
pub fn has_committed(round: &arbiter::Round, seat: u8) -> bool {
    1u16.checked_shl(u32::from(seat)).is_some_and(|bit| round.committed & bit != 0)
}

fn round_facts(address: &Address, round: &arbiter::Round) -> RoundOnChain {
    let (votes, rule) = (votes_of(round), rule_of(round));
    RoundOnChain {
        address: address.to_bytes(),
        nonce: round.nonce,
        attempt: round.attempt,
        index: round.index,
        state: round.state,
        windows: reveal_facts(round).windows,
        missed: round.missed,
        votes: [votes.valid, votes.invalid, votes.unavailable, votes.inconclusive, votes.divergent],
        rule: (rule.committee, rule.threshold, rule.reveals_min, rule.unanimous),
    }
}

fn verdict_facts(address: &Address, verdict: &arbiter::Verdict) -> Option<VerdictOnChain> {
    Some(VerdictOnChain {
        address: address.to_bytes(),
        nonce: verdict.nonce,
        attempt: verdict.attempt,
        receipt_hash: verdict.receipt_hash,
        opinion: Opinion::from_code(verdict.opinion)?,
        confirmed_executors: verdict.confirmed_executors,
    })
}
