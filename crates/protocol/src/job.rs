//! The life of a job: one table of states, one total function.
//!
//! ```text
//! Open ──match──> Matched ──start──> Running ──receipt──> Submitted ──verdict or window──> Settled ──close──> gone
//!  │                 │                  │                     │                              ▲
//!  └─cancel, expire──┴─decline, expire──┴─decline, expire─────┴─expire (nobody judged)───────┘
//! ```
//! A state is stored only because an actor did something; that a deadline has passed is computed, never stored.

/// Stored state of a job. The codes are part of the account layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum JobState {
    /// Posted, escrow locked, nobody bound.
    Open = 1,
    /// A provider is bound and its stake locked.
    Matched = 2,
    /// The provider declared the container running.
    Running = 3,
    /// A signed receipt is on chain.
    Submitted = 4,
    /// Both sides are credited; each claims alone.
    Settled = 5,
}

/// Every state, for exhaustive tests.
pub const JOB_STATES: [JobState; 5] =
    [JobState::Open, JobState::Matched, JobState::Running, JobState::Submitted, JobState::Settled];

impl JobState {
    /// The state with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Open,
            2 => Self::Matched,
            3 => Self::Running,
            4 => Self::Submitted,
            5 => Self::Settled,
            _ => return None,
        })
    }
}

/// How a settled job ended. The codes are part of the account layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// Not settled yet.
    None = 0,
    /// The committee accepted the receipt: the provider is paid.
    Accepted = 1,
    /// Not drawn for an audit and unchallenged: the provider is paid.
    Unchallenged = 2,
    /// The committee found the receipt false: the tenant is refunded, the lock is slashed.
    Rejected = 3,
    /// The data was withheld: the tenant is refunded, nothing is slashed.
    Unavailable = 4,
    /// The committee could not decide: the tenant is refunded, nothing is slashed.
    Inconclusive = 5,
    /// The tenant withdrew an open job.
    Cancelled = 6,
    /// Nobody took the job in time.
    Unmatched = 7,
    /// The provider did not start in time.
    NeverStarted = 8,
    /// The provider started but sent no receipt in time.
    NoReceipt = 9,
    /// Nobody judged in time: the tenant is refunded, nothing is slashed.
    Unjudged = 10,
    /// The provider gave the job back.
    Declined = 11,
}

impl Outcome {
    /// The outcome with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::None,
            1 => Self::Accepted,
            2 => Self::Unchallenged,
            3 => Self::Rejected,
            4 => Self::Unavailable,
            5 => Self::Inconclusive,
            6 => Self::Cancelled,
            7 => Self::Unmatched,
            8 => Self::NeverStarted,
            9 => Self::NoReceipt,
            10 => Self::Unjudged,
            11 => Self::Declined,
            _ => return None,
        })
    }

    /// Whether the provider earns its metered time.
    pub const fn pays_provider(self) -> bool {
        matches!(self, Self::Accepted | Self::Unchallenged)
    }

    /// Whether the provider's lock is slashed. Only a verdict of a quorum does that.
    pub const fn slashes(self) -> bool {
        matches!(self, Self::Rejected)
    }

    /// Word for people and for machine-readable summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Accepted => "accepted",
            Self::Unchallenged => "unchallenged",
            Self::Rejected => "rejected",
            Self::Unavailable => "unavailable",
            Self::Inconclusive => "inconclusive",
            Self::Cancelled => "cancelled",
            Self::Unmatched => "unmatched",
            Self::NeverStarted => "never_started",
            Self::NoReceipt => "no_receipt",
            Self::Unjudged => "unjudged",
            Self::Declined => "declined",
        }
    }
}

/// What can happen to a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum JobEvent {
    Match,
    Start,
    Submit,
    /// A final verdict of the arbiter, or the end of the challenge window of a receipt not drawn for an audit.
    Settle(Outcome),
    Cancel,
    Decline,
    /// A deadline passed and somebody says so.
    Expire,
}

/// The rule that a state and an event break together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// Only an open job can be matched or cancelled.
    NotOpen(JobState),
    /// Only a matched job can start.
    NotMatched(JobState),
    /// Only a running job takes a receipt.
    NotRunning(JobState),
    /// Only a job with a receipt can be judged.
    NotSubmitted(JobState),
    /// A provider gives back only what it holds and has not claimed done.
    NotHeld(JobState),
    /// A settled job changes no more.
    AlreadySettled,
    /// The outcome is not one that judging can have.
    NotAJudgement(Outcome),
}

/// The one table: what `event` makes of `state`, with the outcome if the job is now settled.
///
/// # Errors
/// [`Refusal`] for each pair that is not in the table.
pub const fn next(state: JobState, event: JobEvent) -> Result<(JobState, Outcome), Refusal> {
    use JobEvent as E;
    use JobState as S;
    match (state, event) {
        (S::Open, E::Match) => Ok((S::Matched, Outcome::None)),
        (S::Open, E::Cancel) => Ok((S::Settled, Outcome::Cancelled)),
        (S::Open, E::Expire) => Ok((S::Settled, Outcome::Unmatched)),
        (S::Matched, E::Start) => Ok((S::Running, Outcome::None)),
        (S::Matched, E::Expire) => Ok((S::Settled, Outcome::NeverStarted)),
        (S::Matched | S::Running, E::Decline) => Ok((S::Settled, Outcome::Declined)),
        (S::Running, E::Submit) => Ok((S::Submitted, Outcome::None)),
        (S::Running, E::Expire) => Ok((S::Settled, Outcome::NoReceipt)),
        (S::Submitted, E::Settle(outcome)) => match outcome {
            Outcome::Accepted
            | Outcome::Unchallenged
            | Outcome::Rejected
            | Outcome::Unavailable
            | Outcome::Inconclusive => Ok((S::Settled, outcome)),
            _ => Err(Refusal::NotAJudgement(outcome)),
        },
        (S::Submitted, E::Expire) => Ok((S::Settled, Outcome::Unjudged)),
        (S::Settled, _) => Err(Refusal::AlreadySettled),
        (_, E::Match | E::Cancel) => Err(Refusal::NotOpen(state)),
        (_, E::Start) => Err(Refusal::NotMatched(state)),
        (_, E::Submit) => Err(Refusal::NotRunning(state)),
        (_, E::Settle(_)) => Err(Refusal::NotSubmitted(state)),
        (_, E::Decline) => Err(Refusal::NotHeld(state)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_state_and_event_has_one_answer() {
        use JobState as S;
        let legal = [
            (S::Open, JobEvent::Match, S::Matched, Outcome::None),
            (S::Open, JobEvent::Cancel, S::Settled, Outcome::Cancelled),
            (S::Open, JobEvent::Expire, S::Settled, Outcome::Unmatched),
            (S::Matched, JobEvent::Start, S::Running, Outcome::None),
            (S::Matched, JobEvent::Decline, S::Settled, Outcome::Declined),
            (S::Matched, JobEvent::Expire, S::Settled, Outcome::NeverStarted),
            (S::Running, JobEvent::Submit, S::Submitted, Outcome::None),
            (S::Running, JobEvent::Decline, S::Settled, Outcome::Declined),
            (S::Running, JobEvent::Expire, S::Settled, Outcome::NoReceipt),
            (S::Submitted, JobEvent::Settle(Outcome::Accepted), S::Settled, Outcome::Accepted),
            (S::Submitted, JobEvent::Settle(Outcome::Unchallenged), S::Settled, Outcome::Unchallenged),
            (S::Submitted, JobEvent::Settle(Outcome::Rejected), S::Settled, Outcome::Rejected),
            (S::Submitted, JobEvent::Settle(Outcome::Unavailable), S::Settled, Outcome::Unavailable),
            (S::Submitted, JobEvent::Settle(Outcome::Inconclusive), S::Settled, Outcome::Inconclusive),
            (S::Submitted, JobEvent::Expire, S::Settled, Outcome::Unjudged),
        ];
        let mut events = std::vec![
            JobEvent::Match,
            JobEvent::Start,
            JobEvent::Submit,
            JobEvent::Cancel,
            JobEvent::Decline,
            JobEvent::Expire,
        ];
        events.extend((0..=11).filter_map(Outcome::from_code).map(JobEvent::Settle));
        let mut accepted = 0;
        for state in JOB_STATES {
            for &event in &events {
                let found = next(state, event);
                let expected = legal.iter().find(|row| row.0 == state && row.1 == event);
                match expected {
                    Some(row) => assert_eq!(found, Ok((row.2, row.3))),
                    None => assert!(found.is_err(), "{state:?} {event:?}"),
                }
                accepted += usize::from(found.is_ok());
            }
        }
        assert_eq!(accepted, legal.len());
    }

    #[test]
    fn a_settled_job_changes_no_more() {
        assert_eq!(next(JobState::Settled, JobEvent::Expire), Err(Refusal::AlreadySettled));
    }

    #[test]
    fn codes_round_trip() {
        for state in JOB_STATES {
            assert_eq!(JobState::from_code(state as u8), Some(state));
        }
        assert_eq!(JobState::from_code(0), None);
        assert_eq!(JobState::from_code(6), None);
        assert_eq!(Outcome::from_code(12), None);
    }

    #[test]
    fn only_a_rejection_slashes() {
        let slashing: std::vec::Vec<_> = (0..=11).filter_map(Outcome::from_code).filter(|o| o.slashes()).collect();
        assert_eq!(slashing, [Outcome::Rejected]);
    }
}
