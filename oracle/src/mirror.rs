//! What the chain says, decoded: the accounts of both programs as the watchers deliver them, the configurations and the
//! clock as they are read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Instant,
};

use proofmill_chain::{AccountSnapshot, ChainTime, Change};
use proofmill_client::{address, arbiter, market};
use proofmill_oracle_core::{
    BeaconFacts, BidOnChain, CapFacts, CaseFacts, EpochFacts, EvidenceFacts, Facts, JobLife, JobOnChain, MemberFacts,
    RevealFacts, RoundOnChain, SlashOnChain, StakeFacts, VerdictOnChain,
};
use proofmill_protocol::{
    appeal::CaseState,
    drand::Schedule,
    evidence::EvidenceKind,
    job::JobState,
    limits::ROUNDS_MAX,
    quorum::{Rule, Votes, Windows},
    service::Meter,
    verdict::Opinion,
};
use solana_address::Address;

use crate::{
    limits::{CLOCK_AGE_MAX, SLOW_POLL_FACTOR, STAKE_POLL_FACTOR},
    witnessed::Witnessed,
};

/// `state` of a round that takes commitments and is not decided.
pub const ROUND_OPEN: u8 = 1;

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Watched {
    /// `Job` accounts of the market.
    Jobs,
    /// `Stake` accounts of the market.
    Stakes,
    /// `Bid` accounts of the market.
    Bids,
    /// `SlashCase` accounts of the market.
    Cases,
    /// `Round` accounts of the arbiter.
    Rounds,
    /// `Verdict` accounts of the arbiter.
    Verdicts,
    /// `Evidence` accounts of the arbiter.
    Evidence,
    /// `Beacon` accounts of the arbiter.
    Beacons,
    /// `Provider` accounts of the market.
    Providers,
    /// `RootBallot` accounts of the arbiter.
    Ballots,
    /// `WitnessRoot` accounts of the arbiter.
    Roots,
    /// `UsageWitness` accounts of the arbiter.
    Usages,
}

impl Watched {
    /// Everything watched.
    pub const ALL: [Self; 12] = [
        Self::Jobs,
        Self::Stakes,
        Self::Bids,
        Self::Cases,
        Self::Rounds,
        Self::Verdicts,
        Self::Evidence,
        Self::Beacons,
        Self::Providers,
        Self::Ballots,
        Self::Roots,
        Self::Usages,
    ];

    /// How much rarer than the others it is read in full. A subscription tells of changes in between.
    pub const fn poll_factor(self) -> u32 {
        match self {
            Self::Jobs | Self::Rounds | Self::Verdicts => 1,
            Self::Bids | Self::Cases | Self::Beacons | Self::Ballots | Self::Roots | Self::Usages => SLOW_POLL_FACTOR,
            Self::Stakes | Self::Evidence | Self::Providers => STAKE_POLL_FACTOR,
        }
    }

    /// The program that owns the accounts.
    pub const fn program(self) -> Address {
        match self {
            Self::Jobs | Self::Stakes | Self::Bids | Self::Cases | Self::Providers => market::ID,
            Self::Rounds
            | Self::Verdicts
            | Self::Evidence
            | Self::Beacons
            | Self::Ballots
            | Self::Roots
            | Self::Usages => arbiter::ID,
        }
    }

    /// First eight bytes of the accounts.
    pub const fn discriminator(self) -> [u8; 8] {
        match self {
            Self::Jobs => market::Job::DISCRIMINATOR,
            Self::Stakes => market::Stake::DISCRIMINATOR,
            Self::Rounds => arbiter::Round::DISCRIMINATOR,
            Self::Verdicts => arbiter::Verdict::DISCRIMINATOR,
            Self::Bids => market::Bid::DISCRIMINATOR,
            Self::Cases => market::SlashCase::DISCRIMINATOR,
            Self::Evidence => arbiter::Evidence::DISCRIMINATOR,
            Self::Beacons => arbiter::Beacon::DISCRIMINATOR,
            Self::Providers => market::Provider::DISCRIMINATOR,
            Self::Ballots => arbiter::RootBallot::DISCRIMINATOR,
            Self::Roots => arbiter::WitnessRoot::DISCRIMINATOR,
            Self::Usages => arbiter::UsageWitness::DISCRIMINATOR,
        }
    }
}

/// What the arbiter keeps of an appeal.
#[derive(Clone, Copy, Default)]
struct Appeal {
    round: Option<Address>,
    verdict: Option<Address>,
}

/// The case in which an attempt of a job is slashed.
fn case_of(job: &Address, attempt: u16, nonce: u64) -> Address {
    address::slash_case(job, attempt, nonce)
}

/// Randomness that decides draws, as far as this validator knows it.
#[derive(Clone, Copy)]
enum Randomness {
    /// Slot hashes: whether they serve, only the program can tell.
    SlotHashes,
    /// Rounds of the drand network.
    Drand(Schedule),
    /// The network is not read yet.
    Unknown,
}

/// Accounts by the job that they name.
type Index = BTreeMap<Address, BTreeSet<Address>>;

/// `ArbiterConfig.beacon_kind`: rounds of the drand network decide.
pub const BEACON_DRAND: u8 = 2;

/// The mirror.
#[derive(Default)]
pub struct Mirror {
    jobs: BTreeMap<Address, market::Job>,
    stakes: BTreeMap<Address, market::Stake>,
    stake_of: BTreeMap<Address, Address>,
    bids: BTreeMap<Address, market::Bid>,
    bids_of: Index,
    cases: BTreeMap<Address, market::SlashCase>,
    /// What the arbiter keeps of the appeal of each case.
    appeals: BTreeMap<Address, Appeal>,
    /// With the address of the case in which each is punished.
    evidence: BTreeMap<Address, (arbiter::Evidence, Address)>,
    beacons: BTreeMap<u64, (Address, arbiter::Beacon)>,
    unfit: BTreeMap<Address, Address>,
    rounds: BTreeMap<Address, arbiter::Round>,
    verdicts: BTreeMap<Address, arbiter::Verdict>,
    rounds_of: Index,
    verdicts_of: Index,
    synced: BTreeSet<Watched>,
    clock: Option<(ChainTime, Instant)>,
    /// Measurements.
    pub witnessed: Witnessed,
    /// Who this validator is.
    pub validator: [u8; 32],
    /// The market's configuration.
    pub market: Option<market::Config>,
    /// The arbiter's configuration.
    pub arbiter: Option<arbiter::ArbiterConfig>,
    /// The roster, once it was read.
    pub roster: Option<Arc<arbiter::Roster>>,
    /// The arbiter's drand network, if it has one.
    pub drand: Option<arbiter::DrandConfig>,
    /// Old validator sets that may be closed, and who paid for them.
    pub old_sets: BTreeMap<u32, Address>,
    /// Members of the present set, or of the roster before the first.
    pub members: Vec<[u8; 32]>,
}

impl Mirror {
    /// An empty mirror of this validator's.
    pub fn of(validator: [u8; 32]) -> Self {
        Self { validator, ..Self::default() }
    }

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
                self.stake_of.insert(stake.owner, address);
                self.stakes.insert(address, stake);
            }
            Watched::Bids => {
                let bid = market::Bid::decode(&account.data)?;
                self.bids_of.entry(bid.job).or_default().insert(address);
                self.bids.insert(address, bid);
            }
            Watched::Cases => {
                self.cases.insert(address, market::SlashCase::decode(&account.data)?);
            }
            Watched::Evidence => {
                let evidence = arbiter::Evidence::decode(&account.data)?;
                // What was recorded never changes, and its case lies where it always will.
                self.evidence.entry(address).or_insert_with(|| (evidence, address::evidence_case(&address)));
            }
            Watched::Beacons => {
                let beacon = arbiter::Beacon::decode(&account.data)?;
                self.beacons.insert(beacon.round, (address, beacon));
            }
            Watched::Rounds => {
                let round = arbiter::Round::decode(&account.data)?;
                if round.index <= ROUNDS_MAX {
                    self.rounds_of.entry(round.job).or_default().insert(address);
                } else {
                    self.appeals.entry(case_of(&round.job, round.attempt, round.nonce)).or_default().round =
                        Some(address);
                }
                self.rounds.insert(address, round);
            }
            Watched::Providers | Watched::Ballots | Watched::Roots | Watched::Usages => {
                self.witnessed.update(watched, address, &account.data)?;
            }
            Watched::Verdicts => {
                let verdict = arbiter::Verdict::decode(&account.data)?;
                if verdict.rounds <= ROUNDS_MAX {
                    self.verdicts_of.entry(verdict.job).or_default().insert(address);
                } else {
                    let case = case_of(&verdict.job, verdict.attempt, verdict.nonce);
                    self.appeals.entry(case).or_default().verdict = Some(address);
                }
                self.verdicts.insert(address, verdict);
            }
        }
        Ok(())
    }

    fn remove(&mut self, watched: Watched, address: &Address) {
        let forget = |index: &mut Index, job: Address| {
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
                self.unfit.remove(address);
            }
            Watched::Stakes => {
                if let Some(stake) = self.stakes.remove(address) {
                    self.stake_of.remove(&stake.owner);
                }
            }
            Watched::Bids => {
                if let Some(bid) = self.bids.remove(address) {
                    forget(&mut self.bids_of, bid.job);
                }
            }
            Watched::Cases => {
                self.cases.remove(address);
            }
            Watched::Evidence => {
                self.evidence.remove(address);
            }
            Watched::Beacons => self.beacons.retain(|_, (at, _)| at != address),
            Watched::Providers | Watched::Ballots | Watched::Roots | Watched::Usages => {
                self.witnessed.remove(watched, address);
            }
            Watched::Rounds => {
                if let Some(round) = self.rounds.remove(address) {
                    forget(&mut self.rounds_of, round.job);
                    self.forget_appeal(address);
                }
            }
            Watched::Verdicts => {
                if let Some(verdict) = self.verdicts.remove(address) {
                    forget(&mut self.verdicts_of, verdict.job);
                    self.forget_appeal(address);
                }
            }
        }
    }

    fn forget_appeal(&mut self, address: &Address) {
        for appeal in self.appeals.values_mut() {
            appeal.round.take_if(|round| round == address);
            appeal.verdict.take_if(|verdict| verdict == address);
        }
        self.appeals.retain(|_, appeal| appeal.round.is_some() || appeal.verdict.is_some());
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

    /// Every job.
    pub fn jobs(&self) -> impl Iterator<Item = (&Address, &market::Job)> {
        self.jobs.iter()
    }

    /// A round.
    pub fn round(&self, address: &Address) -> Option<&arbiter::Round> {
        self.rounds.get(address)
    }

    /// A verdict.
    pub fn verdict(&self, address: &Address) -> Option<&arbiter::Verdict> {
        self.verdicts.get(address)
    }

    /// A stake.
    pub fn stake(&self, address: &Address) -> Option<&market::Stake> {
        self.stakes.get(address)
    }

    /// A bid.
    pub fn bid(&self, address: &Address) -> Option<&market::Bid> {
        self.bids.get(address)
    }

    /// A slash case.
    pub fn case(&self, address: &Address) -> Option<&market::SlashCase> {
        self.cases.get(address)
    }

    /// An offence on record.
    pub fn evidence(&self, address: &Address) -> Option<&arbiter::Evidence> {
        self.evidence.get(address).map(|(evidence, _)| evidence)
    }

    /// A round of the drand network that is on chain.
    pub fn beacon(&self, round: u64) -> Option<&arbiter::Beacon> {
        self.beacons.get(&round).map(|(_, beacon)| beacon)
    }

    /// The account in which the randomness lies, or will lie, that decides about what happened at `event_at`.
    pub fn beacon_of(&self, event_at: i64) -> Address {
        match self.randomness(event_at) {
            Randomness::Drand(schedule) => address::beacon(schedule.deciding_round(event_at)),
            Randomness::SlotHashes | Randomness::Unknown => address::SLOT_HASHES,
        }
    }

    /// What the round of an appeal is about, if the appeal is undecided.
    pub fn appealed_case(&self, round: &arbiter::Round) -> Option<&market::SlashCase> {
        let case = self.cases.get(&case_of(&round.job, round.attempt, round.nonce))?;
        (case.state == CaseState::Appealed as u8 && case.receipt_hash == round.receipt_hash).then_some(case)
    }

    /// The re-executor whom the verdict on the appeal against the slash of this attempt confirms.
    pub fn appeals_executor(&self, job: &Address, attempt: u16, nonce: u64) -> Option<Address> {
        let at = self.appeals.get(&case_of(job, attempt, nonce))?.verdict?;
        let verdict = self.verdicts.get(&at).filter(|verdict| verdict.confirmed_executors & 1 != 0)?;
        Some(Address::new_from_array(verdict.executors[0]))
    }

    /// Notes whether the market refused to bind the lowest bidder of a job because it does not fit.
    pub fn note_bidder(&mut self, job: &Address, fits: bool) {
        match self.jobs.get(job) {
            Some(found) if !fits => {
                self.unfit.insert(*job, found.best_bidder);
            }
            _ => {
                self.unfit.remove(job);
            }
        }
    }

    /// What decides about what happened at `event_at`: one answer, whenever it is asked.
    fn randomness(&self, event_at: i64) -> Randomness {
        let kind = self
            .arbiter
            .as_ref()
            .map(|config| if event_at < config.beacon_since { config.beacon_before } else { config.beacon_kind });
        match (kind, &self.drand) {
            (Some(BEACON_DRAND), Some(network)) => Randomness::Drand(schedule_of(network)),
            (None | Some(BEACON_DRAND), _) => Randomness::Unknown,
            (Some(_), _) => Randomness::SlotHashes,
        }
    }

    /// Whether a draw about `event_at` can be made; the round of the drand network that it needs is noted.
    fn draw_ready(&self, event_at: Option<i64>, awaited: &mut BTreeSet<u64>) -> bool {
        let Some(event_at) = event_at else { return true };
        match self.randomness(event_at) {
            Randomness::SlotHashes => true,
            Randomness::Unknown => false,
            Randomness::Drand(schedule) => {
                let round = schedule.deciding_round(event_at);
                awaited.insert(round);
                self.beacons.contains_key(&round)
            }
        }
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
    pub fn crank_subjects(&self, now: i64) -> Vec<(Address, Facts)> {
        let of_jobs = [&self.rounds_of, &self.verdicts_of, &self.bids_of];
        let jobs: BTreeSet<&Address> = self.jobs.keys().chain(of_jobs.into_iter().flat_map(Index::keys)).collect();
        let mut out = Vec::new();
        let mut awaited: BTreeSet<u64> = BTreeSet::new();
        for job in jobs {
            let mut facts = self.job_facts(job);
            facts.draw_ready = self.draw_ready(facts.next_draw(now), &mut awaited);
            out.push((*job, Facts::Job(facts)));
        }
        let slashes: BTreeSet<&Address> = self.cases.keys().chain(self.appeals.keys()).collect();
        for case in slashes {
            let Some(mut facts) = self.slash_facts(case) else { continue };
            facts.draw_ready = self.draw_ready(facts.next_draw(now), &mut awaited);
            out.push((*case, Facts::Slash(facts)));
        }
        if let Some(schedule) = self.drand.as_ref().map(schedule_of) {
            let posted = self.beacons.iter().map(|(round, (at, beacon))| (*round, (*at, Some(beacon.posted_at))));
            let mut rounds: BTreeMap<u64, (Address, Option<i64>)> = posted.collect();
            for round in &awaited {
                rounds.entry(*round).or_insert_with(|| (address::beacon(*round), None));
            }
            out.extend(rounds.into_iter().filter_map(|(round, (at, posted_at))| {
                let due_at = schedule.time_of(round)?;
                Some((at, Facts::Beacon(BeaconFacts { round, due_at, awaited: awaited.contains(&round), posted_at })))
            }));
        }
        let swept = self.stakes.iter().filter(|(_, stake)| stake.slashed > 0);
        out.extend(swept.map(|(at, stake)| (*at, Facts::Stake(StakeFacts { slashed: stake.slashed }))));
        if let Some(config) = &self.market {
            let evidence = self.evidence.iter();
            out.extend(evidence.filter_map(|(at, (evidence, case))| {
                Some((*at, Facts::Evidence(self.evidence_facts(evidence, case, config)?)))
            }));
        }
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
            out.push((address::arbiter_config(), Facts::Epoch(epoch)));
        }
        let epoch = self.arbiter.as_ref().map_or(0, |config| config.epoch);
        out.extend(self.witnessed.crank_subjects(
            &self.validator,
            self.jobs.iter(),
            |at| self.jobs.get(at),
            epoch,
            now,
        ));
        if let (Some(roster), Some(config)) = (&self.roster, &self.arbiter) {
            let members = roster.identities.iter().zip(roster.weights).zip(roster.weighed_at);
            for ((identity, weight), weighed_at) in members.take(usize::from(roster.count)) {
                let owner = Address::new_from_array(*identity);
                if let Some(stake) = self.stake_of.get(&owner).and_then(|at| self.stakes.get(at)) {
                    let (bonded, epoch_seconds) = (stake.bonded, config.epoch_seconds);
                    let member = MemberFacts { weight, bonded, weighed_at, epoch_seconds };
                    // Apart from the stake's own subject, which may be swept at the same time.
                    out.push((owner, Facts::Member(member)));
                }
            }
        }
        out
    }

    /// A slash and its appeal; nothing, if they are of a later version.
    fn slash_facts(&self, address: &Address) -> Option<SlashOnChain> {
        let case = match self.cases.get(address) {
            Some(case) => Some(self.case_facts(case)?),
            None => None,
        };
        let appeal = self.appeals.get(address).copied().unwrap_or_default();
        let round = appeal.round.and_then(|at| Some(round_facts(&at, self.rounds.get(&at)?)));
        let verdict = match appeal.verdict.and_then(|at| self.verdicts.get(&at)) {
            Some(verdict) => Some((Opinion::from_code(verdict.opinion)?, verdict.agreeing)),
            None => None,
        };
        Some(SlashOnChain { case, round, verdict, draw_ready: true })
    }

    fn case_facts(&self, case: &market::SlashCase) -> Option<CaseFacts> {
        let config = self.market.as_ref()?;
        let stake = self.stakes.get(&case.stake);
        Some(CaseFacts {
            // A verdict has no kind.
            kind: if case.kind == 0 { None } else { Some(EvidenceKind::from_code(case.kind)?) },
            state: CaseState::from_code(case.state)?,
            due_at: case.due_at,
            decide_by: case.decide_by,
            remaining: case.remaining,
            bounty: case.bounty,
            threshold: config.threshold,
            caps: stake.map(|stake| CapFacts {
                started_at: stake.window_started_at,
                seconds: config.slash_window_seconds,
                stake_then: stake.window_stake,
                stake_now: stake.bonded.saturating_add(stake.unbonding).saturating_add(stake.pending),
                slashed: stake.window_slashed,
                on_evidence: stake.window_evidence,
                cap_bps: config.slash_cap_bps,
            }),
        })
    }

    fn evidence_facts(
        &self,
        evidence: &arbiter::Evidence,
        case: &Address,
        config: &market::Config,
    ) -> Option<EvidenceFacts> {
        let kind = EvidenceKind::from_code(evidence.kind)?;
        let stake = self.stake_of.get(&evidence.offender).and_then(|at| self.stakes.get(at));
        let stake_min = if kind.is_providers() { config.provider_stake_min } else { config.validator_stake_min };
        Some(EvidenceFacts {
            kind,
            punished: self.cases.contains_key(case),
            at_risk: stake.map_or(0, |stake| stake.bonded.saturating_add(stake.unbonding)),
            missed_reveal_slash: config.missed_reveal_slash,
            stake_min,
        })
    }

    /// Identities on the roster.
    pub fn roster_members(&self) -> Vec<[u8; 32]> {
        let members = |roster: &Arc<arbiter::Roster>| -> Vec<[u8; 32]> {
            roster.identities.into_iter().take(usize::from(roster.count)).collect()
        };
        self.roster.as_ref().map(members).unwrap_or_default()
    }

    fn job_facts(&self, job: &Address) -> JobOnChain {
        let of_job = |index: &Index| index.get(job).cloned().unwrap_or_default();
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
            bids: of_job(&self.bids_of).iter().filter_map(|at| Some(bid_facts(at, self.bids.get(at)?))).collect(),
            unfit: self.unfit.get(job).map(Address::to_bytes),
            // Only what was slashed can be appealed, and finding the appeal's address costs some hashing.
            appeal_owes: self
                .jobs
                .get(job)
                .is_some_and(|life| life.slashed > 0 && self.appeals_executor(job, life.attempt, life.nonce).is_some()),
            draw_ready: true,
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
        best_bidder: (job.best_bidder != Address::default()).then(|| job.best_bidder.to_bytes()),
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
        wrong_dissent: round.wrong_dissent,
        votes: [votes.valid, votes.invalid, votes.unavailable, votes.inconclusive, votes.divergent],
        rule: (rule.committee, rule.threshold, rule.reveals_min, rule.unanimous),
        touched_at: round.touched_at,
    }
}

fn bid_facts(address: &Address, bid: &market::Bid) -> BidOnChain {
    let withdrawn = bid.withdrawn == 1;
    BidOnChain { address: address.to_bytes(), provider: bid.provider.to_bytes(), nonce: bid.nonce, withdrawn }
}

/// When the rounds of a network are due.
pub fn schedule_of(network: &arbiter::DrandConfig) -> Schedule {
    Schedule {
        genesis_at: network.genesis_at,
        period_seconds: network.period_seconds,
        margin_seconds: network.margin_seconds,
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
