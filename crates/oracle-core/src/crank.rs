//! What anyone may do: for one job, one stake, one slash, one round of the beacon, or the epoch. Facts in, actions out.

use proofmill_protocol::{
    Key, UnixSeconds,
    job::JobState,
    limits::{BPS, MATCH_GRACE_SECONDS, MISSED_REVEAL_SECONDS, USAGE_GRACE_SECONDS},
    quorum::{Phase, RoundOutcome, Rule, Votes, Windows},
    service::Meter,
    verdict::Opinion,
};

use crate::{
    beacon::{BeaconFacts, crank_beacon},
    deliver::{
        BallotFacts, ProviderFacts, RootOnChain, UsageFacts, crank_ballot, crank_provider, crank_root, crank_usage,
    },
    punish::{EvidenceFacts, SlashOnChain, crank_evidence, crank_slash},
};

/// `state` of a round that takes commitments and reveals.
pub(crate) const ROUND_OPEN: u8 = 1;
/// `state` of a round that ended in dissent or silence.
const ROUND_ESCALATED: u8 = 2;
/// Who re-executed on appeal, after the two of the rounds before.
const APPEALS_EXECUTOR: u8 = 2;
/// `claimed` bit: the fee has left the vault.
const CLAIMED_FEE: u8 = 4;

/// Something anyone may do. Addresses name the account it is done to where the subject is not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Crank {
    /// Bind the lowest bidder: the auction is over.
    AcceptBid,
    /// Pass over the lowest bid: it was taken back, or its provider no longer fits.
    SkipBid,
    /// Close a bid on a job that is over, so that rent and deposit return.
    CloseBid(Key),
    /// Open the first round, if the beacon says so.
    OpenRound,
    /// Say that the first round ended in silence.
    ExpireRound,
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
    /// Pay this re-executor (0 or 1, or 2 for that of an appeal).
    PayAudit(u8),
    /// Close a round whose job is over.
    CloseRound(Key),
    /// Close a verdict whose job is over.
    CloseVerdict(Key),
    /// Move slashed stake out of its vault.
    SweepSlashed,
    /// Freeze the validator set of this epoch, and begin the one before it.
    FreezeSet(u32),
    /// Close the validator set of this old epoch.
    CloseSet(u32),
    /// Read a member's stake anew: it weighs another amount, or too little.
    RefreshValidator,
    /// Put on record that this seat of this round committed and did not reveal.
    RecordMissedReveal(Key, u8),
    /// Put on record that this seat of this first round dissented wrongly.
    RecordWrongDissent(Key, u8),
    /// Take a slash whose delay has passed.
    ApplySlash,
    /// Open the round of an appeal.
    OpenAppeal,
    /// Write the verdict on an appeal.
    FinalizeAppeal,
    /// Close the round of an appeal that is resolved.
    CloseAppeal,
    /// Close the verdict on an appeal that is resolved.
    CloseAppealVerdict,
    /// Apply the verdict on an appeal, or what is written for an appeal that nobody decided.
    ResolveAppeal,
    /// Close a slash by a verdict that is dealt with.
    CloseCase,
    /// Pay the reporter of evidence its bounty.
    ClaimBounty,
    /// Punish an offence that the arbiter has put on record.
    SlashOnEvidence,
    /// Bring this round of the drand network on chain: a draw waits for it.
    PostBeacon(u64),
    /// Close this round of the drand network: no draw needs it any more.
    CloseBeacon(u64),
    /// Bring the own signature to a ballot that lacks it.
    SignRoot,
    /// Write the root that a supermajority has signed.
    FinalizeRoot,
    /// Close a ballot whose time is over.
    CloseRootBallot,
    /// Close a root that nobody needs any more.
    CloseWitnessRoot,
    /// Enter what this root says into a provider's record.
    RecordUptime(Key),
    /// Write what this root says of a service.
    WitnessUsage(Key),
    /// Write what this later root says of a service.
    RefreshUsage(Key),
    /// Take witnessed usage into account.
    AcceptWitnessedUsage,
    /// Close the witness of a service that is over.
    CloseUsage,
}

impl Crank {
    /// Name for logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AcceptBid => "accept_bid",
            Self::SkipBid => "skip_bid",
            Self::CloseBid(_) => "close_bid",
            Self::OpenRound => "open_round",
            Self::ExpireRound => "expire_round",
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
            Self::CloseSet(_) => "close_set",
            Self::RefreshValidator => "refresh_validator",
            Self::RecordMissedReveal(..) => "record_missed_reveal",
            Self::RecordWrongDissent(..) => "record_wrong_dissent",
            Self::ApplySlash => "apply_slash",
            Self::OpenAppeal => "open_appeal",
            Self::FinalizeAppeal => "finalize_appeal",
            Self::CloseAppeal => "close_appeal",
            Self::CloseAppealVerdict => "close_appeal_verdict",
            Self::ResolveAppeal => "resolve_appeal",
            Self::CloseCase => "close_case",
            Self::ClaimBounty => "claim_bounty",
            Self::SlashOnEvidence => "slash_on_evidence",
            Self::PostBeacon(_) => "post_beacon",
            Self::CloseBeacon(_) => "close_beacon",
            Self::SignRoot => "sign_root",
            Self::FinalizeRoot => "finalize_root",
            Self::CloseRootBallot => "close_root_ballot",
            Self::CloseWitnessRoot => "close_witness_root",
            Self::RecordUptime(_) => "record_uptime",
            Self::WitnessUsage(_) => "witness_usage",
            Self::RefreshUsage(_) => "refresh_usage",
            Self::AcceptWitnessedUsage => "accept_witnessed_usage",
            Self::CloseUsage => "close_usage",
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
    /// One member of the roster.
    Member(MemberFacts),
    /// One slash and its appeal.
    Slash(SlashOnChain),
    /// One offence on record.
    Evidence(EvidenceFacts),
    /// One round of the drand network.
    Beacon(BeaconFacts),
    /// One ballot on a root.
    Ballot(BallotFacts),
    /// One root.
    Root(RootOnChain),
    /// One provider's record of uptime.
    Provider(ProviderFacts),
    /// One service's witnessed usage.
    Usage(UsageFacts),
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
    /// Bids on it, of any life.
    pub bids: Vec<BidOnChain>,
    /// The bidder whom the market last refused to bind because it does not fit, as far as this validator has seen.
    pub unfit: Option<Key>,
    /// Whether a verdict on an appeal confirms its re-executor.
    pub appeal_owes: bool,
    /// Whether the randomness of the next draw can be read; see [`JobOnChain::next_draw`].
    pub draw_ready: bool,
}

impl JobOnChain {
    /// The instant about which randomness has to decide before judging goes on; `None` if no draw is due now.
    pub fn next_draw(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        let life = self.life.as_ref().filter(|life| life.state == JobState::Submitted)?;
        let ready = Self { draw_ready: true, ..self.clone() };
        crank_life(life, &ready, now).into_iter().find_map(|crank| match crank {
            Crank::OpenRound => Some(life.receipt_at),
            Crank::EscalateRound => first_round(life, &self.rounds).map(|first| first.touched_at),
            _ => None,
        })
    }
}

/// A bid, as cranks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BidOnChain {
    /// Its address.
    pub address: Key,
    /// The `Provider` account that bids.
    pub provider: Key,
    /// Life of the job it bids on.
    pub nonce: u64,
    /// Whether it was taken back.
    pub withdrawn: bool,
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
    pub opened_at: UnixSeconds,
    /// End of its auction; zero without one.
    pub bids_until: UnixSeconds,
    /// The `Provider` account of the lowest bid, if anybody bids.
    pub best_bidder: Option<Key>,
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
    /// The clock of a service; none for a batch job.
    pub service: Option<Meter>,
}

impl JobLife {
    /// After this instant anyone may expire the job; `None` once it is settled. The program's own rule.
    pub fn expires_after(&self) -> Option<UnixSeconds> {
        if let Some(meter) = self.service
            && matches!(self.state, JobState::Running | JobState::Paused)
        {
            return Some(meter.expires_after());
        }
        let (from, seconds) = match self.state {
            JobState::Open => (self.bids_until.max(self.opened_at), MATCH_GRACE_SECONDS),
            JobState::Matched => (self.matched_at, i64::from(self.start_window_seconds)),
            JobState::Running => {
                (self.started_at.saturating_add(i64::from(self.max_seconds)), i64::from(self.receipt_grace_seconds))
            }
            JobState::Submitted => (self.receipt_at, i64::from(self.verdict_window_seconds)),
            JobState::Ending => (self.receipt_at, USAGE_GRACE_SECONDS),
            JobState::Paused | JobState::Settled => return None,
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
    /// 1 or 2; 3 on appeal.
    pub index: u8,
    /// Stored state.
    pub state: u8,
    /// When seats commit and reveal, and which have committed.
    pub windows: Windows,
    /// Seats whose missed reveal is on record.
    pub missed: u16,
    /// Seats whose wrong dissent is not on record yet.
    pub wrong_dissent: u16,
    /// Votes: valid, invalid, unavailable, inconclusive, divergent.
    pub votes: [u16; 5],
    /// Rule: committee, threshold, reveals, and whether a dissent prevents a decision.
    pub rule: (u8, u8, u8, bool),
    /// When the vote came that decided or escalated it, or the verdict that found it to have dissented wrongly.
    pub touched_at: UnixSeconds,
}

impl RoundOnChain {
    /// What the votes come to now.
    pub fn outcome(&self, now: UnixSeconds) -> RoundOutcome {
        let (committee, threshold, reveals_min, unanimous) = self.rule;
        let votes = self.votes();
        let closed = self.windows.closed(votes.spoken(), now);
        votes.outcome(Rule { committee, threshold, reveals_min, unanimous }, closed)
    }

    fn votes(&self) -> Votes {
        let [valid, invalid, unavailable, inconclusive, divergent] = self.votes;
        Votes { valid, invalid, unavailable, inconclusive, divergent }
    }

    /// Missed reveals and wrong dissents that nobody has put on record.
    pub(crate) fn unrecorded(&self, now: UnixSeconds) -> impl Iterator<Item = Crank> {
        let (address, seats, wrong) = (self.address, self.windows.seats, self.wrong_dissent);
        let missed = self.windows.missed(self.votes().spoken(), now) & !self.missed;
        let among = move |bits: u16| (0..seats).filter(move |seat| self::bit(*seat) & bits != 0);
        let missed = among(missed).map(move |seat| Crank::RecordMissedReveal(address, seat));
        missed.chain(among(wrong).map(move |seat| Crank::RecordWrongDissent(address, seat)))
    }

    /// Whether the program lets it be closed once its job is gone.
    pub(crate) fn closes(&self, now: UnixSeconds) -> bool {
        let ample = |from: UnixSeconds| now > from.saturating_add(MISSED_REVEAL_SECONDS);
        if self.wrong_dissent != 0 && !ample(self.touched_at) {
            return false;
        }
        let silent = self.windows.committed & !self.votes().spoken();
        let ample = ample(self.windows.reveal_until);
        silent == 0 || (self.windows.phase(now) == Phase::Over && (silent & !self.missed == 0 || ample))
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
    /// Epoch of the newest set: one ahead.
    pub frozen_epoch: u32,
    /// An old set that may be closed, if one is there.
    pub old_set: Option<u32>,
    /// When it began.
    pub epoch_started_at: UnixSeconds,
    /// Its least life, seconds.
    pub epoch_seconds: u32,
    /// Validators on the roster.
    pub roster: u8,
    /// Seats of a first round: fewer validators make no set.
    pub committee: u8,
}

/// A member of the roster, as cranks see it. The subject is its stake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MemberFacts {
    /// What it weighs, atoms.
    pub weight: u64,
    /// What is bonded, atoms.
    pub bonded: u64,
    /// When it was weighed.
    pub weighed_at: UnixSeconds,
    /// Least life of an epoch, seconds: twice as old a weight is not frozen any more.
    pub epoch_seconds: u32,
}

/// What anyone may do now, most urgent first.
pub fn crank(facts: &Facts, now: UnixSeconds) -> Vec<Crank> {
    match facts {
        Facts::Job(job) => crank_job(job, now),
        Facts::Stake(stake) if stake.slashed > 0 => vec![Crank::SweepSlashed],
        Facts::Stake(_) => Vec::new(),
        Facts::Epoch(epoch) => crank_epoch(epoch, now),
        // A member that is weighed anew weighs what is bonded, or is gone.
        Facts::Member(member)
            if member.weight != member.bonded
                || now >= member.weighed_at.saturating_add(i64::from(member.epoch_seconds)) =>
        {
            vec![Crank::RefreshValidator]
        }
        Facts::Member(_) => Vec::new(),
        Facts::Slash(slash) => crank_slash(slash, now),
        Facts::Evidence(evidence) => crank_evidence(evidence),
        Facts::Beacon(beacon) => crank_beacon(beacon, now),
        Facts::Ballot(ballot) => crank_ballot(ballot, now),
        Facts::Root(root) => crank_root(root, now),
        Facts::Provider(provider) => crank_provider(provider),
        Facts::Usage(usage) => crank_usage(usage),
    }
}

fn crank_epoch(epoch: &EpochFacts, now: UnixSeconds) -> Vec<Crank> {
    let ends_at = epoch.epoch_started_at.saturating_add(i64::from(epoch.epoch_seconds));
    let over = epoch.epoch == 0 || now >= ends_at;
    let mut out = Vec::new();
    match epoch.frozen_epoch.checked_add(1) {
        Some(next) if over && epoch.committee > 0 && epoch.roster >= epoch.committee => {
            out.push(Crank::FreezeSet(next))
        }
        _ => {}
    }
    out.extend(epoch.old_set.map(Crank::CloseSet));
    out
}

const fn bit(seat: u8) -> u16 {
    if (seat as u32) < u16::BITS { 1 << seat } else { 0 }
}

fn crank_job(on_chain: &JobOnChain, now: UnixSeconds) -> Vec<Crank> {
    let nonce = on_chain.life.as_ref().map(|life| life.nonce);
    let mut out = on_chain.life.as_ref().map_or_else(Vec::new, |life| crank_life(life, on_chain, now));
    out.extend(on_chain.rounds.iter().flat_map(|round| round.unrecorded(now)));
    let over = on_chain.rounds.iter().filter(|round| Some(round.nonce) != nonce && round.closes(now));
    out.extend(over.map(|round| Crank::CloseRound(round.address)));
    out.extend(on_chain.verdicts.iter().filter(|v| Some(v.nonce) != nonce).map(|v| Crank::CloseVerdict(v.address)));
    let settled = on_chain.life.is_some_and(|life| life.state == JobState::Settled);
    let spent = on_chain.bids.iter().filter(|bid| settled || Some(bid.nonce) != nonce);
    out.extend(spent.map(|bid| Crank::CloseBid(bid.address)));
    out
}

fn crank_life(job: &JobLife, on_chain: &JobOnChain, now: UnixSeconds) -> Vec<Crank> {
    let expired = job.expires_after().is_some_and(|instant| now > instant.saturating_add(1));
    let default = || if expired { vec![Crank::Expire] } else { Vec::new() };
    let verdict = MatchedVerdict::of(job, &on_chain.verdicts).map(|matched| matched.0);
    match job.state {
        JobState::Open => {
            let open = job.expires_after().is_some_and(|instant| now <= instant);
            match job.best_bidder {
                Some(best) if job.bids_until > 0 && now >= job.bids_until && open => {
                    let bid = on_chain.bids.iter().find(|bid| bid.nonce == job.nonce && bid.provider == best);
                    // Which of the two the program takes follows from the provider's stake and devices: it is asked to
                    // bind first, and passed over once the market has said that it does not fit.
                    let skip = bid.is_some_and(|bid| bid.withdrawn) || on_chain.unfit == Some(best);
                    vec![if skip { Crank::SkipBid } else { Crank::AcceptBid }]
                }
                _ => default(),
            }
        }
        JobState::Matched | JobState::Running | JobState::Paused | JobState::Ending => default(),
        JobState::Submitted if verdict.is_some() => vec![Crank::VerifyProof],
        JobState::Submitted => match crank_judging(job, &on_chain.rounds, now) {
            // What is decided is applied rather than the default for what is not.
            Some(crank @ Crank::FinalizeRound(_) | crank @ Crank::SettleUnchallenged) => vec![crank],
            _ if expired => vec![Crank::Expire],
            Some(Crank::OpenRound | Crank::EscalateRound) if !on_chain.draw_ready => Vec::new(),
            Some(crank) => vec![crank],
            None => Vec::new(),
        },
        JobState::Settled => {
            let mut out = Vec::new();
            if let Some(verdict) = verdict {
                let unpaid = verdict.confirmed_executors & !job.audit_paid;
                out.extend((0..2u8).filter(|seat| unpaid & (1 << seat) != 0).map(Crank::PayAudit));
            }
            if on_chain.appeal_owes && job.audit_paid & (1 << APPEALS_EXECUTOR) == 0 {
                out.push(Crank::PayAudit(APPEALS_EXECUTOR));
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

fn first_round<'a>(job: &JobLife, rounds: &'a [RoundOnChain]) -> Option<&'a RoundOnChain> {
    rounds.iter().find(|round| round.nonce == job.nonce && round.attempt == job.attempt && round.index == 1)
}

fn crank_judging(job: &JobLife, rounds: &[RoundOnChain], now: UnixSeconds) -> Option<Crank> {
    let round = |index| rounds.iter().find(|r| r.nonce == job.nonce && r.attempt == job.attempt && r.index == index);
    // An address that an earlier life still holds must be closed before it can be opened again.
    let taken = |index| rounds.iter().any(|r| r.nonce != job.nonce && r.attempt == job.attempt && r.index == index);
    let Some(first) = first_round(job, rounds) else {
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
    match (first.state, first.outcome(now)) {
        (ROUND_OPEN, RoundOutcome::Decided(_)) => Some(Crank::FinalizeRound(1)),
        (ROUND_OPEN, RoundOutcome::Escalate) => Some(Crank::ExpireRound),
        (ROUND_ESCALATED, _) if !taken(2) => Some(Crank::EscalateRound),
        _ => None,
    }
}
