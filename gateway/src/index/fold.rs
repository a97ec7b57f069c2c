//! What a job was, from its events alone: how a closed job is remembered.

use proofmill_client::market::{self, Event};
use proofmill_protocol::job::JobState;
use solana_address::Address;

use crate::{
    encode::{Amount, Hash32, Key},
    index::block::task_index,
    views::{self, Job},
};

/// An event of a job, when it happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    pub slot: u64,
    pub at: Option<i64>,
    pub event: Event,
}

/// What the job was asked for, from the instruction that posted it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    Own(market::JobTerms),
    /// It is a task of an array that was asked for so.
    Task {
        array: Address,
        task: u16,
        terms: market::ArrayTerms,
    },
}

/// The events of the address's last life: from its last posting on.
pub fn last_life(events: &[Dated]) -> &[Dated] {
    let posted = events.iter().rposition(|dated| matches!(dated.event, Event::JobPosted(_)));
    // A task is issued right before it is posted, in the same transaction.
    let begin = match posted {
        Some(at) if at > 0 && matches!(events.get(at - 1).map(|dated| &dated.event), Some(Event::TaskIssued(_))) => {
            at - 1
        }
        Some(at) => at,
        None => 0,
    };
    events.get(begin..).unwrap_or_default()
}

/// Whether the last that is known of the job is its end, and in which slot.
pub fn closed_at(events: &[Dated]) -> Option<u64> {
    let last = last_life(events);
    last.iter().find(|dated| matches!(dated.event, Event::JobClosed(_))).map(|dated| dated.slot)
}

/// The array and the task that a job is, if it is one.
pub fn task_of(events: &[Dated]) -> Option<(Address, u16)> {
    last_life(events).iter().find_map(|dated| match &dated.event {
        Event::TaskIssued(issued) => Some((issued.array, issued.task)),
        _ => None,
    })
}

/// The job as its events tell it; nothing without a posting.
pub fn fold(address: Address, events: &[Dated], terms: Option<&Terms>) -> Option<Job> {
    let mut job = Job { address: Key(address), attempt: 1, ..Job::default() };
    let mut posted = false;
    for Dated { slot, at, event } in last_life(events) {
        match event {
            Event::TaskIssued(issued) => {
                job.array = Some(Key(issued.array));
                job.task_index = Some(u32::from(issued.task));
                job.attempt = issued.attempt;
            }
            Event::JobPosted(event) => {
                posted = true;
                job.tenant = Key(event.tenant);
                job.mint = Key(event.mint);
                job.escrowed = Amount(event.escrowed);
                job.bids_until = views::instant(event.bids_until);
                job.posted_at = *at;
                job.posted_slot = *slot;
                job.state = views::state_word(JobState::Open).to_owned();
            }
            Event::JobMatched(event) => {
                job.provider = Some(Key(event.provider));
                job.price_per_second = Some(Amount(event.price_per_second));
                job.lock = Amount(event.lock);
                job.matched_by = views::matched_by_name(event.matched_by);
                job.matched_at = *at;
                job.state = views::state_word(JobState::Matched).to_owned();
            }
            Event::BidPlaced(event) => {
                job.bids = Some(job.bids.unwrap_or(0).saturating_add(1));
                job.best_bid_per_second = Some(Amount(event.price_per_second));
            }
            Event::JobStarted(event) => {
                job.started_at = Some(event.started_at);
                job.state = views::state_word(JobState::Running).to_owned();
            }
            Event::ProofSubmitted(event) => {
                job.metered_ms = Amount(event.metered_ms);
                job.receipt_hash = Some(Hash32(event.receipt_hash));
                job.exit_code = Some(event.exit_code);
                job.termination = Some(views::termination_name(event.termination).to_owned());
                job.submitted_at = *at;
                job.state = views::state_word(JobState::Submitted).to_owned();
            }
            Event::UsageAccepted(event) => job.metered_ms = Amount(event.usage_ms),
            Event::StreamClaimed(event) => job.streamed = Amount(event.streamed),
            Event::JobToppedUp(event) => {
                job.escrowed = Amount(event.escrowed);
                job.max_seconds = Some(event.max_seconds);
            }
            Event::JobPaused(event) => {
                job.paused_at = Some(event.paused_at);
                job.state = views::state_word(JobState::Paused).to_owned();
            }
            Event::JobResumed(event) => {
                job.paused_at = None;
                job.paused_ms = Amount(event.paused_ms);
                job.state = views::state_word(JobState::Running).to_owned();
            }
            Event::ServiceStopped(event) => {
                job.outcome = views::outcome_name(event.outcome);
                job.submitted_at = Some(event.stopped_at);
                job.state = views::state_word(JobState::Ending).to_owned();
            }
            Event::JobReopened(event) => {
                // The failed attempt leaves nothing but its number; the next match says the rest.
                job.provider = None;
                job.matched_by = None;
                job.price_per_second = None;
                job.matched_at = None;
                job.started_at = None;
                job.lock = Amount(0);
                job.attempt = event.attempt;
                job.state = views::state_word(JobState::Open).to_owned();
            }
            Event::JobSettled(event) => {
                job.outcome = views::outcome_name(event.outcome);
                job.paid = Amount(event.paid);
                job.refunded = Amount(event.refunded);
                job.fee = Amount(event.fee);
                job.slashed = Amount(event.slashed);
                job.output_root = Hash32::known(event.output_root);
                job.settled_at = *at;
                job.state = views::state_word(JobState::Settled).to_owned();
            }
            Event::RewardClaimed(_) => claimed(&mut job, "reward"),
            Event::RefundClaimed(_) => claimed(&mut job, "refund"),
            Event::FeesSwept(_) => claimed(&mut job, "fee"),
            Event::SlaClaimed(_) => claimed(&mut job, "sla"),
            Event::JobClosed(_) => job.closed = true,
            _ => {}
        }
    }
    if !posted {
        return None;
    }
    match terms {
        Some(Terms::Own(terms)) => own_terms(&mut job, terms),
        Some(Terms::Task { array, task, terms }) => task_terms(&mut job, *array, *task, terms),
        None => {}
    }
    Some(job)
}

fn claimed(job: &mut Job, part: &str) {
    if !job.claimed.iter().any(|known| known == part) {
        job.claimed.push(part.to_owned());
    }
}

fn own_terms(job: &mut Job, terms: &market::JobTerms) {
    job.index = Some(Amount(terms.index));
    job.kind = Some(views::kind_name(terms.kind, false).to_owned());
    job.class = Some(views::class_name(terms.class).to_owned());
    job.attempts_max = Some(terms.attempts_max);
    job.price_ceiling_per_second = Some(Amount(terms.price_ceiling_per_second));
    // A service that was topped up lasts longer than it was posted for.
    job.max_seconds = job.max_seconds.or(Some(terms.max_seconds));
    job.sla_bond = Some(Amount(terms.sla_bond));
    job.sla_uptime_bps = Some(terms.sla_uptime_bps);
    job.spec_hash = Hash32::known(terms.spec_hash);
    job.image_digest = Hash32::known(terms.image_digest);
    job.input_root = Some(Hash32(terms.input_root));
    job.tenant_node_key = Hash32::known(terms.tenant_node_key);
    job.tier = Some(views::tier_name(terms.tier).to_owned());
    job.vram_mib = Some(terms.vram_mib);
    job.gpu_count = Some(terms.gpu_count);
    job.region = Some(terms.region);
    job.uptime_bps = Some(terms.uptime_bps);
    job.certificate_age_seconds_max = Some(terms.certificate_age_seconds_max);
    job.allow_simulated = Some(terms.allow_simulated == 1);
}

fn task_terms(job: &mut Job, array: Address, task: u16, terms: &market::ArrayTerms) {
    job.array = Some(Key(array));
    job.task_index = Some(u32::from(task));
    job.index = Some(Amount(task_index(terms.index, task)));
    job.kind = Some(views::kind_name(1, true).to_owned());
    job.class = Some(views::class_name(terms.class).to_owned());
    job.attempts_max = Some(1);
    job.price_ceiling_per_second = Some(Amount(terms.price_ceiling_per_second));
    job.max_seconds = Some(terms.max_seconds);
    job.spec_hash = Hash32::known(terms.spec_hash);
    job.image_digest = Hash32::known(terms.image_digest);
    job.input_root = Some(Hash32(terms.input_root));
    job.tenant_node_key = Hash32::known(terms.tenant_node_key);
    job.tier = Some(views::tier_name(terms.tier).to_owned());
    job.vram_mib = Some(terms.vram_mib);
    job.gpu_count = Some(terms.gpu_count);
    job.region = Some(terms.region);
    job.uptime_bps = Some(terms.uptime_bps);
    job.certificate_age_seconds_max = Some(terms.certificate_age_seconds_max);
    job.allow_simulated = Some(terms.allow_simulated == 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: Address = Address::new_from_array([1; 32]);
    const PROVIDER: Address = Address::new_from_array([2; 32]);
    const TENANT: Address = Address::new_from_array([3; 32]);

    fn dated(slot: u64, event: Event) -> Dated {
        Dated { slot, at: Some(slot as i64 * 10), event }
    }

    fn posted(slot: u64, escrowed: u64) -> Dated {
        let mint = Address::new_from_array([9; 32]);
        dated(slot, Event::JobPosted(market::JobPosted { job: JOB, tenant: TENANT, mint, escrowed, bids_until: 0 }))
    }

    fn whole_life(from: u64, escrowed: u64) -> Vec<Dated> {
        vec![
            posted(from, escrowed),
            dated(
                from + 1,
                Event::JobMatched(market::JobMatched {
                    job: JOB,
                    provider: PROVIDER,
                    price_per_second: 5,
                    lock: 6,
                    matched_by: 1,
                }),
            ),
            dated(from + 2, Event::JobStarted(market::JobStarted { job: JOB, started_at: 77 })),
            dated(
                from + 3,
                Event::ProofSubmitted(market::ProofSubmitted {
                    job: JOB,
                    receipt_hash: [4; 32],
                    metered_ms: 8_000,
                    attempt: 1,
                    exit_code: 3,
                    termination: 2,
                }),
            ),
            dated(
                from + 4,
                Event::JobSettled(market::JobSettled {
                    job: JOB,
                    outcome: 1,
                    paid: 39,
                    refunded: escrowed - 40,
                    fee: 1,
                    slashed: 0,
                    output_root: [7; 32],
                }),
            ),
            dated(from + 5, Event::RewardClaimed(market::RewardClaimed { job: JOB, amount: 39 })),
            dated(from + 6, Event::JobClosed(market::JobClosed { job: JOB, dust: 0 })),
        ]
    }

    #[test]
    fn a_closed_job_is_what_its_events_say() {
        let terms = Terms::Own(super::super::block::tests::terms(12));
        let job = fold(JOB, &whole_life(100, 300), Some(&terms)).unwrap();
        assert!(job.closed);
        assert_eq!((job.state.as_str(), job.outcome.as_deref()), ("settled", Some("accepted")));
        assert_eq!((job.paid.0, job.refunded.0, job.fee.0, job.escrowed.0), (39, 260, 1, 300));
        assert_eq!((job.provider, job.price_per_second), (Some(Key(PROVIDER)), Some(Amount(5))));
        assert_eq!((job.index, job.kind.as_deref(), job.max_seconds), (Some(Amount(12)), Some("batch"), Some(60)));
        assert_eq!((job.exit_code, job.claimed), (Some(3), vec!["reward".to_owned()]));
        assert_eq!(job.termination.as_deref(), Some("timed_out"));
        assert_eq!((job.receipt_hash, job.output_root), (Some(Hash32([4; 32])), Some(Hash32([7; 32]))));
        assert_eq!((job.posted_slot, job.settled_at, job.started_at), (100, Some(1_040), Some(77)));
    }

    #[test]
    fn an_address_that_was_used_twice_shows_its_last_life() {
        let mut events = whole_life(100, 300);
        events.push(posted(200, 50));
        let job = fold(JOB, &events, None).unwrap();
        assert_eq!((job.state.as_str(), job.closed, job.escrowed.0, job.paid.0), ("open", false, 50, 0));
        assert_eq!(closed_at(&events), None);
        assert_eq!(closed_at(&whole_life(100, 300)), Some(106));
    }

    #[test]
    fn an_attempt_that_failed_leaves_the_job_open() {
        let mut events = whole_life(100, 300);
        events.truncate(3);
        let reopened = market::JobReopened { job: JOB, provider: PROVIDER, outcome: 9, attempt: 2, lock: 6 };
        events.push(dated(110, Event::JobReopened(reopened)));
        let job = fold(JOB, &events, None).unwrap();
        assert_eq!((job.state.as_str(), job.provider, job.started_at), ("open", None, None));
        assert_eq!(job.attempt, 2);
    }

    #[test]
    fn without_a_posting_there_is_no_job() {
        assert_eq!(fold(JOB, &whole_life(100, 300)[1..], None), None);
        assert_eq!(fold(JOB, &[], None), None);
    }
}
