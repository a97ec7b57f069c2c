//! What anyone may do: for one job, one stake, or the epoch. Facts in, actions out.

use proofmill_protocol::{
    Key, UnixSeconds,
    job::JobState,
    limits::{BPS, MATCH_GRACE_SECONDS},
    quorum::{RoundOutcome, Rule, Votes},
    verdict::Opinion,
};

/// `state` of a round that takes attestations.
const ROUND_OPEN: u8 = 1;
/// `state` of a decided round.
const ROUND_FINAL: u8 = 3;
/// `claimed` bit: the fee has left the vault.
const CLAIMED_FEE: u8 = 4;

/// Something anyone may do. Addresses name the account it is done to where the subject is not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Crank {
    /// Bind the lowest bidder: the auction is over.
    AcceptBid,
    /// Open the first round, if the beacon says so.
    OpenRound,
    /// Open the second round: the first one brought dissent or silence.
    EscalateRound,
    /// Write the verdict of this round (1 or 2).
    FinalizeRound(u8),
    /// Settle by the verdict.
    VerifyProof,
    /// Settle a receipt nobody drew for an audit.
    SettleUnchallenged,
    /// Apply the written default: a deadline has passed.
    Expire,
    /// Move the fee out of the vault.
    SweepFees,
    /// Pay this re-executor (0 or 1).
    PayAudit(u8),
    /// Close a round whose job is over.
    CloseRound(Key),
    /// Close a verdict whose job is over.
    CloseVerdict(Key),
    /// Move slashed stake out of its vault.
    SweepSlashed,
    /// Freeze the validator set of this epoch.
    FreezeSet(u32),
}

impl Crank {
    /// Name for logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcceptBid => "accept_bid",
            Self::OpenRound => "open_round",
            Self::EscalateRound => "escalate_round",
            Self::FinalizeRound(_) => "finalize_round",
            Self::VerifyProof => "verify_proof",
            Self::SettleUnchallenged => "settle_unchallenged",
            Self::Expire => "expire_job",
            Self::SweepFees => "sweep_fees",
            Self::PayAudit(_) => "pay_audit",
            Self::CloseRound(_) => "close_round",
            Self::CloseVerdict(_) => "close_verdict",
            Self::SweepSlashed => "sweep_slashed",
            Self::FreezeSet(_) => "freeze_set",
        }
    }
}

/// What a crank is decided from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Facts {
    /// One job's address.
    Job(JobOnChain),
    /// One stake.
    Stake(StakeFacts),
    /// The epoch.
    Epoch(EpochFacts),
}

/// Everything on chain under one job's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct JobOnChain {
    /// The job, if the address holds one.
    pub life: Option<JobLife>,
    /// Rounds that name the address, of any attempt and life.
    pub rounds: Vec<RoundOnChain>,
    /// Verdicts that name the address, of any attempt and life.
    pub verdicts: Vec<VerdictOnChain>,
}

/// What a job says that cranks depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JobLife {
    /// This life of the address.
    pub nonce: u64,
    /// The attempt.
    pub attempt: u16,
    /// Where it stands.
    pub state: JobState,
    /// Share of such receipts that is audited, basis points.
    pub audit_bps: u16,
    /// When it was posted.
    pub posted_at: UnixSeconds,
    /// End of its auction; zero without one.
    pub bids_until: UnixSeconds,
    /// Whether anybody bids.
    pub has_bid: bool,
    /// When it was matched.
    pub matched_at: UnixSeconds,
    /// When it started.
    pub started_at: UnixSeconds,
    /// When its receipt came.
    pub receipt_at: UnixSeconds,
    /// Seconds from match to start.
    pub start_window_seconds: u32,
    /// Longest run, seconds.
    pub max_seconds: u32,
    /// Seconds from the end of the run to the receipt.
    pub receipt_grace_seconds: u32,
    /// Seconds an unaudited receipt stays open to an audit.
    pub challenge_window_seconds: u32,
    /// Seconds from receipt to the written default.
    pub verdict_window_seconds: u32,
    /// The receipt's hash.
    pub receipt_hash: Key,
    /// Fee in the vault, atoms.
    pub fee: u64,
    /// `CLAIMED_*` bits.
    pub claimed: u8,
    /// Bits of the re-executors paid.
    pub audit_paid: u8,
}

impl JobLife {
    /// After this instant anyone may expire the job; `None` once it is settled. The program's own rule.
    pub fn expires_after(&self) -> Option<UnixSeconds> {
        let (from, seconds) = match self.state {
            JobState::Open => (self.bids_until.max(self.posted_at), MATCH_GRACE_SECONDS),
            JobState::Matched => (self.matched_at, i64::from(self.start_window_seconds)),
            JobState::Running => {
                (self.started_at.saturating_add(i64::from(self.max_seconds)), i64::from(self.receipt_grace_seconds))
            }
            JobState::Submitted => (self.receipt_at, i64::from(self.verdict_window_seconds)),
            JobState::Settled => return None,
        };
        Some(from.saturating_add(seconds))
    }
}

/// A round, as cranks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RoundOnChain {
    /// Its address.
    pub address: Key,
    /// Life of the job it judges.
    pub nonce: u64,
    /// Attempt it judges.
    pub attempt: u16,
    /// 1 or 2.
    pub index: u8,
    /// Stored state.
    pub state: u8,
    /// The last instant at which it takes attestations.
    pub attest_until: UnixSeconds,
    /// Votes: valid, invalid, unavailable, inconclusive, divergent.
    pub votes: [u16; 5],
    /// Rule: committee, threshold, reveals, and whether a dissent prevents a decision.
    pub rule: (u8, u8, u8, bool),
}

impl RoundOnChain {
    /// What the votes come to now.
    pub fn outcome(&self, now: UnixSeconds) -> RoundOutcome {
        let [valid, invalid, unavailable, inconclusive, divergent] = self.votes;
        let (committee, threshold, reveals_min, unanimous) = self.rule;
        Votes { valid, invalid, unavailable, inconclusive, divergent }
            .outcome(Rule { committee, threshold, reveals_min, unanimous }, now > self.attest_until)
    }
}

/// A verdict, as cranks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VerdictOnChain {
    /// Its address.
    pub address: Key,
    /// Life of the job it judges.
    pub nonce: u64,
    /// Attempt it judges.
    pub attempt: u16,
    /// Receipt it judges.
    pub receipt_hash: Key,
    /// What it says.
    pub opinion: Opinion,
    /// Bits of the re-executors it confirms.
    pub confirmed_executors: u8,
}

/// The verdict that settles a job, if it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchedVerdict(pub VerdictOnChain);

impl MatchedVerdict {
    /// The verdict on exactly this life, attempt and receipt.
    pub fn of(job: &JobLife, verdicts: &[VerdictOnChain]) -> Option<Self> {
        verdicts
            .iter()
            .find(|v| v.nonce == job.nonce && v.attempt == job.attempt && v.receipt_hash == job.receipt_hash)
            .map(|verdict| Self(*verdict))
    }
}

/// A stake, as cranks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StakeFacts {
    /// Slashed and not yet swept, atoms.
    pub slashed: u64,
}

/// The epoch, as cranks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EpochFacts {
    /// Epoch of the present set; zero before the first.
    pub epoch: u32,
    /// When it began.
    pub epoch_started_at: UnixSeconds,
    /// Its least life, seconds.
    pub epoch_seconds: u32,
    /// Validators on the roster.
    pub roster: u8,
    /// Seats of a first round: fewer validators make no set.
    pub committee: u8,
}

/// What anyone may do now, most urgent first.
pub fn crank(facts: &Facts, now: UnixSeconds) -> Vec<Crank> {
    match facts {
        Facts::Job(job) => crank_job(job, now),
        Facts::Stake(stake) if stake.slashed > 0 => vec![Crank::SweepSlashed],
        Facts::Stake(_) => Vec::new(),
        Facts::Epoch(epoch) => crank_epoch(epoch, now),
    }
}

fn crank_epoch(epoch: &EpochFacts, now: UnixSeconds) -> Vec<Crank> {
    let ends_at = epoch.epoch_started_at.saturating_add(i64::from(epoch.epoch_seconds));
    let over = epoch.epoch == 0 || now >= ends_at;
    match epoch.epoch.checked_add(1) {
        Some(next) if over && epoch.committee > 0 && epoch.roster >= epoch.committee => vec![Crank::FreezeSet(next)],
        _ => Vec::new(),
    }
}

fn crank_job(on_chain: &JobOnChain, now: UnixSeconds) -> Vec<Crank> {
    let nonce = on_chain.life.as_ref().map(|life| life.nonce);
    let mut out = on_chain.life.as_ref().map_or_else(Vec::new, |life| crank_life(life, on_chain, now));
    out.extend(on_chain.rounds.iter().filter(|r| Some(r.nonce) != nonce).map(|r| Crank::CloseRound(r.address)));
    out.extend(on_chain.verdicts.iter().filter(|v| Some(v.nonce) != nonce).map(|v| Crank::CloseVerdict(v.address)));
    out
}

fn crank_life(job: &JobLife, on_chain: &JobOnChain, now: UnixSeconds) -> Vec<Crank> {
    let expired = job.expires_after().is_some_and(|instant| now > instant.saturating_add(1));
    let default = || if expired { vec![Crank::Expire] } else { Vec::new() };
    let verdict = MatchedVerdict::of(job, &on_chain.verdicts).map(|matched| matched.0);
    match job.state {
        JobState::Open => {
            let open = job.expires_after().is_some_and(|instant| now <= instant);
            if job.bids_until > 0 && now >= job.bids_until && job.has_bid && open {
                return vec![Crank::AcceptBid];
            }
            default()
        }
        JobState::Matched | JobState::Running => default(),
        JobState::Submitted if verdict.is_some() => vec![Crank::VerifyProof],
        JobState::Submitted => match crank_judging(job, &on_chain.rounds, now) {
            // What is decided is applied rather than the default for what is not.
            Some(crank @ Crank::FinalizeRound(_) | crank @ Crank::SettleUnchallenged) => vec![crank],
            _ if expired => vec![Crank::Expire],
            Some(crank) => vec![crank],
            None => Vec::new(),
        },
        JobState::Settled => {
            let mut out = Vec::new();
            if let Some(verdict) = verdict {
                let unpaid = verdict.confirmed_executors & !job.audit_paid;
                out.extend((0..2u8).filter(|seat| unpaid & (1 << seat) != 0).map(Crank::PayAudit));
            }
            // A fee of zero is owed to nobody and does not keep the job from closing.
            if job.fee > 0 && job.claimed & CLAIMED_FEE == 0 {
                // First, because it fills the budget that pays audits.
                out.insert(0, Crank::SweepFees);
            }
            out
        }
    }
}

fn crank_judging(job: &JobLife, rounds: &[RoundOnChain], now: UnixSeconds) -> Option<Crank> {
    let round = |index| rounds.iter().find(|r| r.nonce == job.nonce && r.attempt == job.attempt && r.index == index);
    // An address that an earlier life still holds must be closed before it can be opened again.
    let taken = |index| rounds.iter().any(|r| r.nonce != job.nonce && r.attempt == job.attempt && r.index == index);
    let Some(first) = round(1) else {
        let closes_at = job.receipt_at.saturating_add(i64::from(job.challenge_window_seconds));
        let sampled_at_most = u64::from(job.audit_bps);
        return if taken(1) {
            None
        } else if sampled_at_most < BPS && now >= closes_at {
            Some(Crank::SettleUnchallenged)
        } else if sampled_at_most > 0 {
            Some(Crank::OpenRound)
        } else {
            None
        };
    };
    if let Some(second) = round(2) {
        let decided = second.state == ROUND_OPEN && matches!(second.outcome(now), RoundOutcome::Decided(_));
        return decided.then_some(Crank::FinalizeRound(2));
    }
    match first.outcome(now) {
        RoundOutcome::Decided(_) if first.state == ROUND_OPEN => Some(Crank::FinalizeRound(1)),
        RoundOutcome::Escalate if first.state != ROUND_FINAL && !taken(2) => Some(Crank::EscalateRound),
        _ => None,
    }
}
