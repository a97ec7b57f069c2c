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

/// The rule. Only a quorum that says *invalid* again upholds a slash: an appeal is lost on evidence, never on silence.
/// So anything else, and a deadline at which nobody has decided, returns it: a slash that cannot be repeated before a
/// second committee was not certain enough to be taken, and infrastructure failure never slashes.
///
/// `verdict` is the arbiter's record on the appeal, already matched to job, attempt, life and receipt; `threshold` is how
/// many validators must stand behind an *invalid*, whatever the arbiter counts as a quorum.
pub const fn decide(
    verdict: Option<&VerdictRecord>,
    threshold: u8,
    decide_by: UnixSeconds,
    now: UnixSeconds,
) -> Decision {
    match verdict {
        Some(record) => match record.opinion {
            Opinion::Invalid if record.agreeing >= threshold => Decision::Upheld,
            // Too few for the market: as if there were no verdict.
            Opinion::Invalid => by_deadline(decide_by, now),
            Opinion::Valid | Opinion::Unavailable | Opinion::Inconclusive => Decision::Returned,
        },
        None => by_deadline(decide_by, now),
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

#[cfg(test)]
mod tests {
    use super::*;

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
    };

    #[test]
    fn only_a_quorum_that_says_invalid_again_upholds() {
        let of = |opinion, agreeing| decide(Some(&VerdictRecord { opinion, agreeing, ..RECORD }), 3, 100, 100);
        assert_eq!(of(Opinion::Invalid, 3), Decision::Upheld);
        assert_eq!(of(Opinion::Invalid, 2), Decision::Pending);
        for opinion in [Opinion::Valid, Opinion::Unavailable, Opinion::Inconclusive] {
            assert_eq!(of(opinion, 0), Decision::Returned);
            assert_eq!(of(opinion, 9), Decision::Returned);
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
