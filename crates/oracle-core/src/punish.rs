//! Slashes that wait, appeals, bounties, and offences on record: what anyone may do about each, and when it helps.

use proofmill_protocol::{
    UnixSeconds,
    appeal::{self, CaseState, Decision},
    caps::Window,
    evidence::{self, EvidenceKind, Liable},
    quorum::RoundOutcome,
    verdict::{Judges, Opinion, VerdictRecord},
};

use crate::crank::{Crank, ROUND_OPEN, RoundOnChain};

/// A slash with its appeal, as far as each is on chain. The subject is the case's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlashOnChain {
    /// The case, if it is not closed.
    pub case: Option<CaseFacts>,
    /// The round that judges its appeal.
    pub round: Option<RoundOnChain>,
    /// The verdict on its appeal: opinion and how many agree.
    pub verdict: Option<(Opinion, u8)>,
    /// Whether the randomness of the appeal's draw can be read; see [`SlashOnChain::next_draw`].
    pub draw_ready: bool,
}

impl SlashOnChain {
    /// The instant about which randomness has to decide before the appeal is judged; `None` if no draw is due.
    pub fn next_draw(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        let opens = crank_slash(&Self { draw_ready: true, ..*self }, now).contains(&Crank::OpenAppeal);
        self.case.filter(|_| opens).map(|case| appeal::appealed_at(case.decide_by))
    }
}

/// A slash, as cranks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CaseFacts {
    /// The offence; `None` for a verdict.
    pub kind: Option<EvidenceKind>,
    /// What has become of it.
    pub state: CaseState,
    /// When anyone may apply it.
    pub due_at: UnixSeconds,
    /// Until when an appeal has to be decided.
    pub decide_by: UnixSeconds,
    /// Set aside and not yet taken or returned, atoms.
    pub remaining: u64,
    /// Owed to the reporter, atoms.
    pub bounty: u64,
    /// How many must stand behind an *invalid* that the market believes.
    pub threshold: u8,
    /// What the stake's present window still allows; `None` while the stake is not seen.
    pub caps: Option<CapFacts>,
}

/// The window over which a stake's slashes are capped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CapFacts {
    /// When the last window began.
    pub started_at: UnixSeconds,
    /// Its length, seconds.
    pub seconds: u32,
    /// The stake when it began, atoms.
    pub stake_then: u64,
    /// The stake now (bonded, unbonding and pending), atoms.
    pub stake_now: u64,
    /// Slashed by verdicts in it, atoms.
    pub slashed: u64,
    /// Slashed on evidence in it, atoms.
    pub on_evidence: u64,
    /// Share of the stake that verdicts may slash in it, basis points.
    pub cap_bps: u16,
}

impl CapFacts {
    /// How much of `asked` may be taken at `now`: the market's own rule.
    fn room(&self, kind: Option<EvidenceKind>, asked: u64, now: UnixSeconds) -> u64 {
        let mut window = Window {
            started_at: self.started_at,
            stake: self.stake_then,
            slashed: self.slashed,
            evidence: self.on_evidence,
            outflow: 0,
        };
        window.roll(now, self.seconds, self.stake_now);
        match kind {
            Some(_) => window.slash_on_evidence(asked),
            None => window.slash(asked, self.cap_bps),
        }
    }
}

/// An offence on record, as cranks see it. The subject is the `Evidence` account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EvidenceFacts {
    /// The offence.
    pub kind: EvidenceKind,
    /// Whether it has been punished: its case is there, and stays.
    pub punished: bool,
    /// What the offender has at risk, atoms; zero without a stake.
    pub at_risk: u64,
    /// What a missed reveal costs, atoms.
    pub missed_reveal_slash: u64,
    /// Least stake of the offender's role, atoms.
    pub stake_min: u64,
}

/// What anyone may do about a slash and its appeal.
pub(crate) fn crank_slash(slash: &SlashOnChain, now: UnixSeconds) -> Vec<Crank> {
    let mut out = slash.case.map_or_else(Vec::new, |case| crank_case(&case, slash, now));
    out.extend(slash.round.iter().flat_map(|round| round.unrecorded(now)));
    if slash.case.is_none_or(|case| case.state != CaseState::Appealed) {
        if slash.round.is_some_and(|round| round.closes(now)) {
            out.push(Crank::CloseAppeal);
        }
        if slash.verdict.is_some() {
            out.push(Crank::CloseAppealVerdict);
        }
    }
    out
}

fn crank_case(case: &CaseFacts, slash: &SlashOnChain, now: UnixSeconds) -> Vec<Crank> {
    let mut out = Vec::new();
    match case.state {
        CaseState::Open | CaseState::Upheld => {
            let due = case.state.is_due(case.due_at, now) && case.remaining > 0;
            if due && case.caps.is_some_and(|caps| caps.room(case.kind, case.remaining, now) > 0) {
                out.push(Crank::ApplySlash);
            }
        }
        CaseState::Appealed => {
            let record = slash.verdict.map(|(opinion, agreeing)| on_appeal(opinion, agreeing));
            let decided = appeal::decide(record.as_ref(), case.threshold, case.decide_by, now) != Decision::Pending;
            let counted = |round: &RoundOnChain| {
                round.state == ROUND_OPEN && matches!(round.outcome(now), RoundOutcome::Decided(_))
            };
            match slash.round {
                // What a round has decided is applied rather than the default for what nobody decided.
                Some(round) if slash.verdict.is_none() && counted(&round) => out.push(Crank::FinalizeAppeal),
                _ if decided => out.push(Crank::ResolveAppeal),
                None if slash.verdict.is_none() && now <= case.decide_by && slash.draw_ready => {
                    out.push(Crank::OpenAppeal)
                }
                _ => {}
            }
        }
        // A case on evidence stays for ever: it keeps the offence from being punished twice.
        CaseState::Taken | CaseState::Returned if case.kind.is_none() => out.push(Crank::CloseCase),
        CaseState::Taken | CaseState::Returned => {}
    }
    if case.bounty > 0 {
        out.push(Crank::ClaimBounty);
    }
    out
}

/// What anyone may do about an offence on record. A punishment of nothing would cost a case's rent for ever.
pub(crate) fn crank_evidence(evidence: &EvidenceFacts) -> Vec<Crank> {
    let liable = Liable {
        lock: 0,
        stake: evidence.at_risk,
        missed_reveal_slash: evidence.missed_reveal_slash,
        stake_min: evidence.stake_min,
    };
    let worth = evidence::penalty(evidence.kind, liable).is_ok_and(|penalty| penalty > 0);
    if !evidence.punished && worth { vec![Crank::SlashOnEvidence] } else { Vec::new() }
}

/// The part of a verdict that decides an appeal; it was matched to the case before.
fn on_appeal(opinion: Opinion, agreeing: u8) -> VerdictRecord {
    VerdictRecord {
        opinion,
        agreeing,
        rounds: 0,
        confirmed_executors: 0,
        attempt: 0,
        committee: 0,
        epoch: 0,
        nonce: 0,
        decided_at: 0,
        reexecution_ms: [0; 2],
        job: [0; 32],
        receipt_hash: [0; 32],
        output_root: [0; 32],
        executors: [[0; 32]; 2],
        judges: Judges::default(),
    }
}
