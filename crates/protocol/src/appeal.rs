//! What becomes of a slash: waiting, appealed, upheld, taken or returned.

use crate::ids::UnixSeconds;
use crate::limits;
use crate::verdict::{Opinion, VerdictRecord};

/// Stored state of a `SlashCase`. The codes are part of the account layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum CaseState {
    /// Set aside; due after its delay unless the owner appeals.
    Open = 1,
    /// Contested: nothing is taken until the appeal is decided.
    Appealed = 2,
    /// The appeal failed: due at once, and its bond with it.
    Upheld = 3,
    /// All of it has been taken.
    Taken = 4,
    /// The appeal was won, or nobody decided it in time: all of it has been returned.
    Returned = 5,
}

impl CaseState {
    /// The state with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Open,
            2 => Self::Appealed,
            3 => Self::Upheld,
            4 => Self::Taken,
            5 => Self::Returned,
            _ => return None,
        })
    }

    /// Whether stake is still set aside for it.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Open | Self::Appealed | Self::Upheld)
    }

    /// Whether a slash that is due at `due_at` may be taken at `now`.
    pub const fn is_due(self, due_at: UnixSeconds, now: UnixSeconds) -> bool {
        match self {
            Self::Open => now >= due_at,
            Self::Upheld => true,
            _ => false,
        }
    }
}

/// What an appeal comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Neither a verdict nor the deadline.
    Pending,
    /// The slash stands.
    Upheld,
    /// Everything is returned, the bond too.
    Returned,
}

/// The rule. The slash stands on two re-executions that agree with one another and not with the receipt. An appeal is won
/// by what speaks for the receipt (*valid*), or because nobody judged: no round, or one without a quorum. A quorum that
/// judged and found nothing for the receipt upholds, whatever it calls it: *invalid*, *unavailable* (the appellant serves
/// nothing) or *inconclusive* (no further re-execution, or one that agrees with nobody). Otherwise whoever hides its
/// outputs, from the committee or from the re-executor alone, would win; and infrastructure that fails slashes nobody,
/// because a committee that does not come about is no quorum.
///
/// `verdict` is the arbiter's record on the appeal, already matched to job, attempt, life and receipt; `threshold` is how
/// many validators must stand behind what upholds, whatever the arbiter counts as a quorum.
pub const fn decide(
    verdict: Option<&VerdictRecord>,
    threshold: u8,
    decide_by: UnixSeconds,
    now: UnixSeconds,
) -> Decision {
    let Some(record) = verdict else { return by_deadline(decide_by, now) };
    match record.opinion {
        Opinion::Valid => Decision::Returned,
        Opinion::Invalid | Opinion::Unavailable | Opinion::Inconclusive if record.agreeing >= threshold => {
            Decision::Upheld
        }
        // The written default of a round without a quorum.
        Opinion::Inconclusive => Decision::Returned,
        // Too few for the market: as if there were no verdict.
        Opinion::Invalid | Opinion::Unavailable => by_deadline(decide_by, now),
    }
}

const fn by_deadline(decide_by: UnixSeconds, now: UnixSeconds) -> Decision {
    if now > decide_by {
        Decision::Returned
    } else {
        Decision::Pending
    }
}

/// Until when an appeal made at `now` has to be decided.
pub const fn decide_by(now: UnixSeconds) -> UnixSeconds {
    now.saturating_add(limits::APPEAL_DECISION_SECONDS)
}

/// When the appeal was made that has to be decided by then.
pub const fn appealed_at(decide_by: UnixSeconds) -> UnixSeconds {
    decide_by.saturating_sub(limits::APPEAL_DECISION_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Judges;

    const RECORD: VerdictRecord = VerdictRecord {
        opinion: Opinion::Invalid,
        rounds: 1,
        confirmed_executors: 0,
        attempt: 1,
        agreeing: 3,
        committee: 5,
        epoch: 1,
        nonce: 1,
        decided_at: 0,
        reexecution_ms: [0; 2],
        job: [0; 32],
        receipt_hash: [0; 32],
        output_root: [0; 32],
        executors: [[0; 32]; 2],
        judges: Judges { first_epoch: 0, seats: [0; 2], members: [[0; 9]; 2] },
    };

    #[test]
    fn a_quorum_that_finds_nothing_for_the_receipt_upholds() {
        let of = |opinion, agreeing| decide(Some(&VerdictRecord { opinion, agreeing, ..RECORD }), 3, 100, 100);
        for opinion in [Opinion::Invalid, Opinion::Unavailable, Opinion::Inconclusive] {
            assert_eq!(of(opinion, 3), Decision::Upheld);
            assert_eq!(of(opinion, 9), Decision::Upheld);
        }
        assert_eq!(of(Opinion::Valid, 0), Decision::Returned);
        assert_eq!(of(Opinion::Valid, 9), Decision::Returned);
    }

    #[test]
    fn without_a_quorum_nothing_is_slashed() {
        let of = |opinion, now| decide(Some(&VerdictRecord { opinion, agreeing: 2, ..RECORD }), 3, 100, now);
        assert_eq!(of(Opinion::Inconclusive, 0), Decision::Returned);
        for opinion in [Opinion::Invalid, Opinion::Unavailable] {
            assert_eq!((of(opinion, 100), of(opinion, 101)), (Decision::Pending, Decision::Returned));
        }
    }

    #[test]
    fn an_appeal_that_nobody_decides_is_won() {
        for (now, decision) in [(99, Decision::Pending), (100, Decision::Pending), (101, Decision::Returned)] {
            assert_eq!(decide(None, 3, 100, now), decision);
            let few = VerdictRecord { agreeing: 2, ..RECORD };
            assert_eq!(decide(Some(&few), 3, 100, now), decision);
            // A verdict counts whenever it comes.
            assert_eq!(decide(Some(&RECORD), 3, 100, now), Decision::Upheld);
        }
        assert_eq!(decide_by(10), 10 + limits::APPEAL_DECISION_SECONDS);
        assert_eq!(appealed_at(decide_by(10)), 10);
    }

    #[test]
    fn a_slash_is_due_after_its_delay_unless_appealed() {
        for (now, due) in [(99, false), (100, true), (101, true)] {
            assert_eq!(CaseState::Open.is_due(100, now), due);
            assert!(CaseState::Upheld.is_due(100, now));
            for state in [CaseState::Appealed, CaseState::Taken, CaseState::Returned] {
                assert!(!state.is_due(100, now));
            }
        }
    }

    #[test]
    fn codes_round_trip() {
        let states: std::vec::Vec<_> = (0..=u8::MAX).filter_map(CaseState::from_code).collect();
        assert_eq!(states.iter().map(|state| *state as u8).collect::<std::vec::Vec<_>>(), [1, 2, 3, 4, 5]);
        let pending: std::vec::Vec<_> = states.into_iter().filter(|state| state.is_pending()).collect();
        assert_eq!(pending, [CaseState::Open, CaseState::Appealed, CaseState::Upheld]);
    }
}
