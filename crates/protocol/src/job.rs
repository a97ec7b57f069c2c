//! The life of a job: one table of states, one total function.
//!
//! ```text
//! Open ──match──> Matched ──start──> Running ──receipt──> Submitted ──verdict or window──> Settled ──close──> gone
//!  │                 │                  │                     │                              ▲
//!  └─cancel, expire──┴─decline, expire──┴─decline, expire─────┴─expire (nobody judged)───────┘
//! ```
//! A service takes another way from `Running`, and `Submit`, `Settle` and `Decline` are not sent to a running one:
//! ```text
//! Running ──pause──> Paused ──resume──> Running
//!    │ └──stop──┐       │ └──expire──> Settled
//!    │          ▼       │
//!    └─die──> Settled <─finish── Ending <──stop── Paused
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
    /// A service whose escrow ran dry: it waits for more and earns nothing.
    Paused = 6,
    /// A service that one side ended: the last usage may still be reported.
    Ending = 7,
}

/// Every state, for exhaustive tests.
pub const JOB_STATES: [JobState; 7] = [
    JobState::Open,
    JobState::Matched,
    JobState::Running,
    JobState::Submitted,
    JobState::Settled,
    JobState::Paused,
    JobState::Ending,
];

impl JobState {
    /// The state with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Open,
            2 => Self::Matched,
            3 => Self::Running,
            4 => Self::Submitted,
            5 => Self::Settled,
            6 => Self::Paused,
            7 => Self::Ending,
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
    /// The tenant ended its service: the accepted usage is paid.
    Stopped = 12,
    /// A service ended after its escrow had run dry: the accepted usage is paid.
    Ended = 13,
    /// A service fell silent: the accepted usage is paid.
    Dead = 14,
    /// The provider ended a service before its escrow had run dry: the accepted usage is paid.
    Withdrawn = 15,
}

/// Every outcome, for exhaustive tests.
pub const OUTCOMES: [Outcome; 16] = [
    Outcome::None,
    Outcome::Accepted,
    Outcome::Unchallenged,
    Outcome::Rejected,
    Outcome::Unavailable,
    Outcome::Inconclusive,
    Outcome::Cancelled,
    Outcome::Unmatched,
    Outcome::NeverStarted,
    Outcome::NoReceipt,
    Outcome::Unjudged,
    Outcome::Declined,
    Outcome::Stopped,
    Outcome::Ended,
    Outcome::Dead,
    Outcome::Withdrawn,
];

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
            12 => Self::Stopped,
            13 => Self::Ended,
            14 => Self::Dead,
            15 => Self::Withdrawn,
            _ => return None,
        })
    }

    /// Whether the provider earns its metered time: accepted work, or the accepted usage of a service however it ended.
    pub const fn pays_provider(self) -> bool {
        matches!(self, Self::Accepted | Self::Unchallenged) || self.ends_service()
    }

    /// Whether this is how a service ends that was running.
    pub const fn ends_service(self) -> bool {
        matches!(self, Self::Stopped | Self::Ended | Self::Dead | Self::Withdrawn)
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
            Self::Stopped => "stopped",
            Self::Ended => "ended",
            Self::Dead => "dead",
            Self::Withdrawn => "withdrawn",
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
    /// The escrow of a service ran dry.
    Pause,
    /// The provider declares a paused service healthy again.
    Resume,
    /// One side ends a service, with the outcome that this will have.
    Stop(Outcome),
    /// The grace for the last usage of a service is over; the outcome is the stored one.
    Finish(Outcome),
    /// A running service fell silent.
    Die,
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
    /// Only a paused service resumes.
    NotPaused(JobState),
    /// Only a matched, running or paused service is stopped.
    NotStoppable(JobState),
    /// Only a service that was stopped is finished, and it only so.
    NotEnding(JobState),
    /// The outcome is not one that stopping a service can have.
    NotAStop(Outcome),
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
        (S::Running, E::Pause) => Ok((S::Paused, Outcome::None)),
        (S::Running, E::Die) => Ok((S::Settled, Outcome::Dead)),
        (S::Paused, E::Resume) => Ok((S::Running, Outcome::None)),
        (S::Paused, E::Expire) => Ok((S::Settled, Outcome::Ended)),
        // Nothing was used: there is nothing to wait for.
        (S::Matched, E::Stop(Outcome::Stopped)) => Ok((S::Settled, Outcome::Stopped)),
        (S::Running | S::Paused, E::Stop(outcome)) => match outcome {
            Outcome::Stopped | Outcome::Ended | Outcome::Withdrawn => Ok((S::Ending, outcome)),
            _ => Err(Refusal::NotAStop(outcome)),
        },
        (S::Ending, E::Finish(outcome)) => match outcome {
            Outcome::Stopped | Outcome::Ended | Outcome::Withdrawn => Ok((S::Settled, outcome)),
            _ => Err(Refusal::NotAStop(outcome)),
        },
        (S::Settled, _) => Err(Refusal::AlreadySettled),
        (S::Matched, E::Stop(outcome)) => Err(Refusal::NotAStop(outcome)),
        (_, E::Stop(_)) => Err(Refusal::NotStoppable(state)),
        (_, E::Finish(_)) | (S::Ending, E::Expire) => Err(Refusal::NotEnding(state)),
        (_, E::Resume) => Err(Refusal::NotPaused(state)),
        (_, E::Match | E::Cancel) => Err(Refusal::NotOpen(state)),
        (_, E::Start) => Err(Refusal::NotMatched(state)),
        (_, E::Submit | E::Pause | E::Die) => Err(Refusal::NotRunning(state)),
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
            (S::Matched, JobEvent::Stop(Outcome::Stopped), S::Settled, Outcome::Stopped),
            (S::Running, JobEvent::Pause, S::Paused, Outcome::None),
            (S::Running, JobEvent::Die, S::Settled, Outcome::Dead),
            (S::Running, JobEvent::Stop(Outcome::Stopped), S::Ending, Outcome::Stopped),
            (S::Running, JobEvent::Stop(Outcome::Ended), S::Ending, Outcome::Ended),
            (S::Running, JobEvent::Stop(Outcome::Withdrawn), S::Ending, Outcome::Withdrawn),
            (S::Paused, JobEvent::Resume, S::Running, Outcome::None),
            (S::Paused, JobEvent::Expire, S::Settled, Outcome::Ended),
            (S::Paused, JobEvent::Stop(Outcome::Stopped), S::Ending, Outcome::Stopped),
            (S::Paused, JobEvent::Stop(Outcome::Ended), S::Ending, Outcome::Ended),
            (S::Paused, JobEvent::Stop(Outcome::Withdrawn), S::Ending, Outcome::Withdrawn),
            (S::Ending, JobEvent::Finish(Outcome::Stopped), S::Settled, Outcome::Stopped),
            (S::Ending, JobEvent::Finish(Outcome::Ended), S::Settled, Outcome::Ended),
            (S::Ending, JobEvent::Finish(Outcome::Withdrawn), S::Settled, Outcome::Withdrawn),
        ];
        let mut events = std::vec![
            JobEvent::Match,
            JobEvent::Start,
            JobEvent::Submit,
            JobEvent::Cancel,
            JobEvent::Decline,
            JobEvent::Expire,
            JobEvent::Pause,
            JobEvent::Resume,
            JobEvent::Die,
        ];
        for with_outcome in [JobEvent::Settle, JobEvent::Stop, JobEvent::Finish] {
            events.extend(OUTCOMES.into_iter().map(with_outcome));
        }
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
        assert_eq!(JobState::from_code(8), None);
        for outcome in OUTCOMES {
            assert_eq!(Outcome::from_code(outcome as u8), Some(outcome));
        }
        assert_eq!(Outcome::from_code(16), None);
    }

    #[test]
    fn only_a_rejection_slashes() {
        let slashing: std::vec::Vec<_> = OUTCOMES.into_iter().filter(|o| o.slashes()).collect();
        assert_eq!(slashing, [Outcome::Rejected]);
    }

    #[test]
    fn only_accepted_work_and_the_ends_of_services_pay() {
        let paying: std::vec::Vec<_> = OUTCOMES.into_iter().filter(|o| o.pays_provider()).collect();
        use Outcome::{Accepted, Dead, Ended, Stopped, Unchallenged, Withdrawn};
        assert_eq!(paying, [Accepted, Unchallenged, Stopped, Ended, Dead, Withdrawn]);
    }

    /// A running service never becomes a batch job's end, nor the reverse, by an event that is its own.
    #[test]
    fn no_event_of_a_service_leads_to_an_end_of_a_batch_job() {
        let events = [JobEvent::Pause, JobEvent::Resume, JobEvent::Die];
        let stops = OUTCOMES.into_iter().flat_map(|o| [JobEvent::Stop(o), JobEvent::Finish(o)]);
        for (state, event) in
            JOB_STATES.into_iter().flat_map(|s| events.into_iter().chain(stops.clone()).map(move |e| (s, e)))
        {
            if let Ok((_, outcome)) = next(state, event) {
                assert!(outcome == Outcome::None || outcome.ends_service(), "{state:?} {event:?}");
            }
        }
    }
}
