//! Pure: what to do next with a transaction that may or may not have landed.
//!
//! The shell ([`crate::Sender`]) reports what it saw and obeys. Three laws hold whatever is reported:
//! the bytes never change; nothing is declared expired before it has been absent several times in a row *above* its
//! last valid height and a margin; nothing is declared rejected by a preflight unless it is certain that no earlier
//! copy left.

use std::time::Duration;

use crate::{
    bounds,
    chain::{Level, TransactionFailure},
};

/// What is remembered between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracking {
    /// Above this height no block accepts the transaction.
    pub last_valid_block_height: u64,
    /// When tracking began.
    pub since: Duration,
    /// When the bytes last left, as far as this process knows.
    pub last_sent: Option<Duration>,
    /// A copy may have left: a send was tried without a certain refusal, or an earlier process recorded the entry.
    pub may_have_left: bool,
    /// Absences beside a fresh height above the expiry margin, uninterrupted by a sign of life.
    pub absences: u8,
}

impl Tracking {
    /// Whether the next look needs a fresh height: expiry is being established.
    pub fn is_expiring(&self) -> bool {
        self.absences > 0
    }

    /// Tracking of an entry. `resumed`: it was recorded by an earlier call, so a copy may already be on its way.
    pub fn new(last_valid_block_height: u64, now: Duration, resumed: bool) -> Self {
        Self { last_valid_block_height, since: now, last_sent: None, may_have_left: resumed, absences: 0 }
    }
}

/// What the shell saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// Nothing yet: work on the entry begins.
    Started,
    /// Answer to a send.
    Sent(SendReply),
    /// Answer to a question about the signature, and the block height, if it was read for this very look. The height
    /// must have been read before the status was.
    Looked {
        /// What the node said of the signature.
        status: Seen,
        /// Block height read just before.
        height: Option<u64>,
    },
}

/// Answer to a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendReply {
    /// The node took the bytes.
    Accepted,
    /// The node's preflight refused them.
    Refused(TransactionFailure),
    /// No answer, or one that says nothing: they may have left.
    Unclear,
}

/// What a node said of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// No usable answer.
    Unknown,
    /// The node does not know the signature.
    Absent,
    /// It is in a block.
    Landed {
        /// Slot of the block.
        slot: u64,
        /// How sure the cluster is of it.
        level: Level,
        /// `None` when it succeeded.
        failure: Option<TransactionFailure>,
    },
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send the recorded bytes.
    Send,
    /// Wait this long, then ask for the status.
    Look(Duration),
    /// It took effect, once.
    Confirmed {
        /// Slot of its block.
        slot: u64,
    },
    /// It is on chain and failed.
    Failed {
        /// Slot of its block.
        slot: u64,
        /// Why.
        failure: TransactionFailure,
    },
    /// It was refused and certainly never left.
    Rejected {
        /// Why.
        failure: TransactionFailure,
    },
    /// It can never land: the effect may be built anew.
    Expired,
}

/// The next step. `now` is any clock that does not go backwards.
pub fn next(tracking: Tracking, observation: &Observation, now: Duration) -> (Tracking, Step) {
    let mut tracking = tracking;
    match observation {
        // A copy may be on its way already: ask before anything else.
        Observation::Started if tracking.may_have_left => (tracking, Step::Look(Duration::ZERO)),
        Observation::Started => (tracking, Step::Send),
        Observation::Sent(reply) => {
            tracking.last_sent = Some(now);
            match reply {
                SendReply::Refused(failure) if !tracking.may_have_left && is_verdict(failure) => {
                    let failure = failure.clone();
                    return (tracking, Step::Rejected { failure });
                }
                SendReply::Refused(failure) => tracking.may_have_left |= !failure.is_unknown_blockhash(),
                SendReply::Accepted | SendReply::Unclear => tracking.may_have_left = true,
            }
            (tracking, Step::Look(poll(tracking, now)))
        }
        Observation::Looked { status, height } => looked(tracking, status, *height, now),
    }
}

fn looked(mut tracking: Tracking, status: &Seen, height: Option<u64>, now: Duration) -> (Tracking, Step) {
    let last_valid = tracking.last_valid_block_height;
    match status {
        Seen::Landed { slot, level, failure } if *level >= Level::Confirmed => match failure {
            None => (tracking, Step::Confirmed { slot: *slot }),
            Some(failure) => (tracking, Step::Failed { slot: *slot, failure: failure.clone() }),
        },
        // In a block that may still be dropped: neither an effect nor an absence.
        Seen::Landed { .. } => {
            tracking.absences = 0;
            (tracking, Step::Look(poll(tracking, now)))
        }
        Seen::Absent if height.is_some_and(|height| height > last_valid) => {
            if height.is_some_and(|height| height > last_valid.saturating_add(bounds::EXPIRY_MARGIN_BLOCKS)) {
                tracking.absences = tracking.absences.saturating_add(1);
            }
            if tracking.absences >= bounds::ABSENCES_TO_EXPIRE {
                return (tracking, Step::Expired);
            }
            (tracking, Step::Look(bounds::POLL_SLOW))
        }
        Seen::Absent | Seen::Unknown => {
            // A height at which it may still land contradicts every earlier one beyond.
            if height.is_some_and(|height| height <= last_valid) {
                tracking.absences = 0;
            }
            let dead = height.is_some_and(|height| height > last_valid);
            let due = tracking.last_sent.is_none_or(|sent| now.saturating_sub(sent) >= bounds::RESEND_EVERY);
            if due && !dead {
                return (tracking, Step::Send);
            }
            (tracking, Step::Look(poll(tracking, now)))
        }
    }
}

/// Whether a preflight's refusal says something about the transaction rather than about the node.
fn is_verdict(failure: &TransactionFailure) -> bool {
    !failure.is_unknown_blockhash() && !failure.is_already_processed()
}

fn poll(tracking: Tracking, now: Duration) -> Duration {
    if now.saturating_sub(tracking.since) < bounds::FAST_FOR { bounds::POLL_FAST } else { bounds::POLL_SLOW }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST_VALID: u64 = 100;

    fn failure(reason: &str) -> TransactionFailure {
        TransactionFailure { instruction_index: None, code: None, reason: reason.to_owned() }
    }

    fn every_status() -> Vec<Seen> {
        let mut all = vec![Seen::Unknown, Seen::Absent];
        for level in [Level::Processed, Level::Confirmed, Level::Finalized] {
            for failure in [None, Some(failure("InstructionError(0, Custom(1))"))] {
                all.push(Seen::Landed { slot: 9, level, failure });
            }
        }
        all
    }

    fn every_observation() -> Vec<Observation> {
        let mut all = vec![
            Observation::Started,
            Observation::Sent(SendReply::Accepted),
            Observation::Sent(SendReply::Unclear),
            Observation::Sent(SendReply::Refused(failure("BlockhashNotFound"))),
            Observation::Sent(SendReply::Refused(failure("AlreadyProcessed"))),
            Observation::Sent(SendReply::Refused(failure("InstructionError(0, Custom(1))"))),
        ];
        for status in every_status() {
            for height in [
                None,
                Some(0),
                Some(LAST_VALID),
                Some(LAST_VALID + 1),
                Some(LAST_VALID + bounds::EXPIRY_MARGIN_BLOCKS),
                Some(LAST_VALID + bounds::EXPIRY_MARGIN_BLOCKS + 1),
            ] {
                all.push(Observation::Looked { status: status.clone(), height });
            }
        }
        all
    }

    fn every_tracking(now: Duration) -> Vec<Tracking> {
        let mut all = Vec::new();
        for since in [now, Duration::ZERO] {
            for last_sent in [None, Some(now), Some(now.saturating_sub(bounds::RESEND_EVERY))] {
                for may_have_left in [false, true] {
                    for absences in 0..bounds::ABSENCES_TO_EXPIRE {
                        all.push(Tracking {
                            last_valid_block_height: LAST_VALID,
                            since,
                            last_sent,
                            may_have_left,
                            absences,
                        });
                    }
                }
            }
        }
        all
    }

    /// The whole table: every memory × every observation, held against the laws in the head of this file.
    #[test]
    fn no_observation_in_any_state_breaks_a_law() {
        let now = Duration::from_secs(60);
        let margin = LAST_VALID + bounds::EXPIRY_MARGIN_BLOCKS;
        let mut rows = 0;
        for before in every_tracking(now) {
            for observation in every_observation() {
                rows += 1;
                let (after, step) = next(before, &observation, now);
                let context = format!("{before:?} {observation:?} {step:?}");
                assert_eq!(after.last_valid_block_height, LAST_VALID, "{context}");
                assert!(after.may_have_left || !before.may_have_left, "a possible copy was forgotten: {context}");
                match &step {
                    Step::Expired => {
                        let Observation::Looked { status: Seen::Absent, height: Some(height) } = observation else {
                            panic!("expired without an absence: {context}");
                        };
                        assert!(height > margin, "{context}");
                        assert_eq!(before.absences + 1, bounds::ABSENCES_TO_EXPIRE, "{context}");
                    }
                    Step::Rejected { .. } => {
                        assert!(!before.may_have_left, "{context}");
                        assert!(matches!(observation, Observation::Sent(SendReply::Refused(_))), "{context}");
                    }
                    Step::Confirmed { slot } => assert!(
                        matches!(&observation, Observation::Looked { status: Seen::Landed { slot: s, level, failure: None }, .. }
                            if s == slot && *level >= Level::Confirmed),
                        "{context}"
                    ),
                    Step::Failed { slot, .. } => assert!(
                        matches!(&observation, Observation::Looked { status: Seen::Landed { slot: s, level, failure: Some(_) }, .. }
                            if s == slot && *level >= Level::Confirmed),
                        "{context}"
                    ),
                    Step::Send => {
                        let dead =
                            matches!(&observation, Observation::Looked { height: Some(h), .. } if *h > LAST_VALID);
                        assert!(!dead, "sent although dead: {context}");
                        assert!(
                            before.last_sent != Some(now) || observation == Observation::Started,
                            "sent twice at once: {context}"
                        );
                    }
                    Step::Look(pause) => assert!(*pause <= bounds::POLL_SLOW, "{context}"),
                }
            }
        }
        assert_eq!(rows, 36 * 54);
    }

    #[test]
    fn a_fresh_entry_is_sent_and_a_resumed_one_is_asked_for_first() {
        let now = Duration::ZERO;
        assert_eq!(next(Tracking::new(LAST_VALID, now, false), &Observation::Started, now).1, Step::Send);
        let (_, step) = next(Tracking::new(LAST_VALID, now, true), &Observation::Started, now);
        assert_eq!(step, Step::Look(Duration::ZERO));
    }

    #[test]
    fn a_refusal_is_a_verdict_only_for_the_first_copy() {
        let now = Duration::ZERO;
        let refusal = Observation::Sent(SendReply::Refused(failure("InstructionError(0, Custom(1))")));
        let fresh = Tracking::new(LAST_VALID, now, false);
        assert!(matches!(next(fresh, &refusal, now).1, Step::Rejected { .. }));
        let (sent, _) = next(fresh, &Observation::Sent(SendReply::Unclear), now);
        assert!(matches!(next(sent, &refusal, now).1, Step::Look(_)));
    }

    #[test]
    fn a_node_that_does_not_know_the_blockhash_is_asked_again() {
        let now = Duration::ZERO;
        let fresh = Tracking::new(LAST_VALID, now, false);
        let (after, step) = next(fresh, &Observation::Sent(SendReply::Refused(failure("BlockhashNotFound"))), now);
        assert!(matches!(step, Step::Look(_)));
        assert!(!after.may_have_left);
        let later = now + bounds::RESEND_EVERY;
        let look = Observation::Looked { status: Seen::Absent, height: Some(LAST_VALID) };
        assert_eq!(next(after, &look, later).1, Step::Send);
    }

    #[test]
    fn absences_count_only_in_a_row() {
        let now = Duration::ZERO;
        let beyond = Some(LAST_VALID + bounds::EXPIRY_MARGIN_BLOCKS + 1);
        let absent = Observation::Looked { status: Seen::Absent, height: beyond };
        let processed = Observation::Looked {
            status: Seen::Landed { slot: 5, level: Level::Processed, failure: None },
            height: beyond,
        };
        let mut tracking = Tracking::new(LAST_VALID, now, true);
        for _ in 1..bounds::ABSENCES_TO_EXPIRE {
            tracking = next(tracking, &absent, now).0;
        }
        tracking = next(tracking, &processed, now).0;
        for _ in 1..bounds::ABSENCES_TO_EXPIRE {
            let (after, step) = next(tracking, &absent, now);
            assert!(matches!(step, Step::Look(_)));
            tracking = after;
        }
        assert_eq!(next(tracking, &absent, now).1, Step::Expired);
    }

    #[test]
    fn one_wrong_height_does_not_expire_a_transaction() {
        let now = Duration::ZERO;
        let at = |height| Observation::Looked { status: Seen::Absent, height };
        let mut tracking = Tracking::new(LAST_VALID, now, true);
        for _ in 0..100 {
            for observation in [at(Some(u64::MAX)), at(None), at(Some(u64::MAX)), at(Some(LAST_VALID))] {
                let (after, step) = next(tracking, &observation, now);
                assert_ne!(step, Step::Expired);
                tracking = after;
            }
        }
    }

    #[test]
    fn polling_slows_down_with_age() {
        let look = Observation::Looked { status: Seen::Absent, height: None };
        let mut tracking = Tracking::new(LAST_VALID, Duration::ZERO, true);
        tracking.last_sent = Some(Duration::ZERO);
        assert_eq!(next(tracking, &look, Duration::from_millis(1)).1, Step::Look(bounds::POLL_FAST));
        tracking.last_sent = Some(bounds::FAST_FOR);
        assert_eq!(next(tracking, &look, bounds::FAST_FOR).1, Step::Look(bounds::POLL_SLOW));
    }
}
