//! What becomes of a job whose attempt failed: it opens again while attempts are left, and settles after the last.

use crate::job::Outcome;

/// Whether a job that would settle by `outcome` opens again instead.
///
/// Only an attempt of which nothing came (given back, never started, no receipt) is worth another: a receipt was
/// either judged, or nobody judged it in time, and what nobody took or the tenant withdrew had no attempt at all.
/// `attempt` counts from one.
pub const fn reopens(outcome: Outcome, attempt: u16, attempts_max: u8) -> bool {
    let failed = matches!(outcome, Outcome::NeverStarted | Outcome::NoReceipt | Outcome::Declined);
    failed && attempt < attempts_max as u16
}

/// The bit of an attempt in a bitmap of attempts; none beyond the sixteenth.
pub const fn bit(attempt: u16) -> u16 {
    match attempt {
        1..=16 => 1 << (attempt - 1),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        job::{next, JobEvent, JobState, JOB_STATES},
        limits::ATTEMPTS_MAX,
    };

    /// Every state, every event, every attempt: a job opens again exactly where a provider held it and left nothing.
    #[test]
    fn only_an_attempt_without_a_receipt_is_had_again() {
        let mut events = std::vec![JobEvent::Match, JobEvent::Start, JobEvent::Submit, JobEvent::Cancel];
        events.extend([JobEvent::Decline, JobEvent::Expire]);
        events.extend([JobEvent::Pause, JobEvent::Resume, JobEvent::Die]);
        for outcome in (0..=u8::MAX).filter_map(Outcome::from_code) {
            events.extend([JobEvent::Settle(outcome), JobEvent::Stop(outcome), JobEvent::Finish(outcome)]);
        }
        let mut reopening = 0;
        for state in JOB_STATES {
            for &event in &events {
                let Ok((JobState::Settled, outcome)) = next(state, event) else { continue };
                let held = matches!(state, JobState::Matched | JobState::Running);
                let given_up = matches!(event, JobEvent::Decline | JobEvent::Expire);
                for attempts_max in 1..=ATTEMPTS_MAX {
                    for attempt in 1..=u16::from(attempts_max) + 1 {
                        let expected = held && given_up && attempt < u16::from(attempts_max);
                        assert_eq!(reopens(outcome, attempt, attempts_max), expected, "{state:?} {event:?} {attempt}");
                        reopening += usize::from(expected);
                    }
                }
            }
        }
        // Two ways out of each of two states, for each of 0 + 1 + .. + 7 attempts that are not the last.
        assert_eq!(reopening, 4 * 28);
    }

    #[test]
    fn failures_alone_end_every_job() {
        for attempts_max in 0..=ATTEMPTS_MAX {
            let (mut attempt, mut failures) = (1, 1);
            while reopens(Outcome::NeverStarted, attempt, attempts_max) {
                attempt += 1;
                failures += 1;
            }
            assert_eq!(failures, attempts_max.max(1));
        }
    }

    #[test]
    fn every_attempt_that_a_job_may_have_has_a_bit_of_its_own() {
        let mut seen = 0u16;
        for attempt in 1..=u16::from(ATTEMPTS_MAX) {
            assert_eq!(bit(attempt).count_ones(), 1);
            assert_eq!(seen & bit(attempt), 0);
            seen |= bit(attempt);
        }
        assert_eq!((bit(0), bit(16), bit(17), bit(u16::MAX)), (0, 1 << 15, 0, 0));
    }
}
