//! What may happen next to a job, who may do it, and by when: the market's table of states with its deadlines, in words.

use proofmill_client::{
    market,
    service::{self, KIND_SERVICE},
};
use proofmill_protocol::{
    attempts,
    job::{JobState, Outcome},
    limits::{BPS, MATCH_GRACE_SECONDS, PAUSE_SECONDS_MAX, USAGE_GRACE_SECONDS},
};
use serde::Serialize;

/// `claimed` bits: the provider's net, the tenant's refund, the fee, the bond.
const CLAIMED: [(u8, &str, &str); 4] = [
    (1, "claim_reward", "anyone, for the provider"),
    (2, "claim_refund", "anyone, for the tenant"),
    (4, "sweep_fees", "anyone, for the market"),
    (8, "claim_sla", "anyone, for the tenant"),
];

/// One thing that may happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NextStep {
    /// The market's instruction.
    pub instruction: &'static str,
    pub who: &'static str,
    /// What comes of it.
    pub effect: String,
    /// First instant at which it is accepted; none if it is now.
    pub from: Option<i64>,
    /// Last instant at which it is in time; none if there is no hurry.
    pub until: Option<i64>,
}

fn step(instruction: &'static str, who: &'static str, effect: impl Into<String>) -> NextStep {
    NextStep { instruction, who, effect: effect.into(), from: None, until: None }
}

impl NextStep {
    fn from(self, from: i64) -> Self {
        Self { from: Some(from), ..self }
    }

    fn until(self, until: i64) -> Self {
        Self { until: Some(until), ..self }
    }

    /// One line for people, with instants relative to `now`.
    pub fn words(&self, now: i64) -> String {
        let mut text = format!("{} ({}): {}", self.who, self.instruction, self.effect);
        match self.from {
            Some(from) if from > now => text += &format!("; in {} s", from - now),
            _ => {}
        }
        match self.until {
            Some(until) if until >= now => text += &format!("; within {} s", until - now),
            Some(until) => text += &format!("; {} s late", now - until),
            None => {}
        }
        text
    }
}

/// Everything that may happen next to `job` as it is, at `now` (unix seconds of the chain's clock).
pub fn next_steps(job: &market::Job, now: i64) -> Vec<NextStep> {
    let service = job.kind == KIND_SERVICE;
    match JobState::from_code(job.state) {
        Some(JobState::Open) => open(job, now),
        Some(JobState::Matched) => {
            let start_by = job.matched_at.saturating_add(i64::from(job.start_window_seconds));
            let mut all = vec![
                step("start_job", "the provider", "it runs").until(start_by),
                step("decline_job", "the provider", after_failure(job, Outcome::Declined)),
                step("expire_job", "anyone", after_failure(job, Outcome::NeverStarted))
                    .from(start_by.saturating_add(1)),
            ];
            if service {
                all.push(step("stop_job", "the tenant", "it ends before it began"));
            }
            all
        }
        Some(JobState::Running) if service => running_service(job),
        Some(JobState::Running) => {
            let run = i64::from(job.max_seconds).saturating_add(i64::from(job.receipt_grace_seconds));
            let receipt_by = job.started_at.saturating_add(run);
            vec![
                step("submit_proof", "the provider", "its receipt is judged").until(receipt_by),
                step("decline_job", "the provider", after_failure(job, Outcome::Declined)),
                step("expire_job", "anyone", after_failure(job, Outcome::NoReceipt)).from(receipt_by.saturating_add(1)),
            ]
        }
        Some(JobState::Submitted) => submitted(job),
        Some(JobState::Settled) => settled(job),
        Some(JobState::Paused) => {
            let over = job.paused_at.saturating_add(PAUSE_SECONDS_MAX);
            vec![
                step("top_up_job", "anyone", "the escrow covers more seconds"),
                step("resume_job", "the provider", "it runs again, if the escrow covers it"),
                step("stop_job", "the tenant or the provider", "it ends; the accepted usage is paid"),
                step("expire_job", "anyone", "it ends; the accepted usage is paid").from(over.saturating_add(1)),
            ]
        }
        Some(JobState::Ending) => {
            let over = job.receipt_at.saturating_add(USAGE_GRACE_SECONDS);
            vec![
                step("report_usage", "the provider", "the last usage counts").until(over),
                step("expire_job", "anyone", "it settles; the accepted usage is paid").from(over.saturating_add(1)),
            ]
        }
        None => Vec::new(),
    }
}

/// What a failed attempt leads to.
fn after_failure(job: &market::Job, outcome: Outcome) -> String {
    if job.kind != KIND_SERVICE && attempts::reopens(outcome, job.attempt, job.attempts_max) {
        return format!("it opens again for attempt {} of {}", job.attempt.saturating_add(1), job.attempts_max);
    }
    format!("it settles as {} and the escrow comes back", outcome.name())
}

fn open(job: &market::Job, now: i64) -> Vec<NextStep> {
    let expires = job.bids_until.max(job.opened_at).saturating_add(MATCH_GRACE_SECONDS);
    let mut all = Vec::new();
    if job.bids_until == 0 {
        all.push(step("match_job", "the tenant", "a standing offer is taken").until(expires));
    } else if now < job.bids_until {
        let best = match job.best_bid_per_second {
            u64::MAX => "there is none yet".to_owned(),
            best => format!("the best is {best} atoms/s"),
        };
        all.push(step("place_bid", "providers", format!("a lower bid leads; {best}")).until(job.bids_until));
    }
    if job.bids_until > 0 && job.best_bid_per_second != u64::MAX {
        let effect = format!("the provider bids {} atoms/s and is bound", job.best_bid_per_second);
        all.push(step("accept_bid", "anyone", effect).from(job.bids_until).until(expires));
    }
    all.push(step("cancel_job", "the tenant", "the escrow comes back"));
    let effect = "it settles as unmatched and the escrow comes back";
    all.push(step("expire_job", "anyone", effect).from(expires.saturating_add(1)));
    all
}

fn running_service(job: &market::Job) -> Vec<NextStep> {
    let meter = service::meter(job);
    vec![
        step("report_usage", "the provider", "its usage counts").until(meter.silent_after()),
        step("top_up_job", "anyone", "the escrow covers more seconds").until(meter.dry_at()),
        step("pause_job", "anyone", "it waits for more escrow").from(meter.dry_at()),
        step("stop_job", "the tenant or the provider", "it ends; the accepted usage is paid"),
        step("expire_job", "anyone", "it ends; the accepted usage is paid")
            .from(meter.expires_after().saturating_add(1)),
    ]
}

fn submitted(job: &market::Job) -> Vec<NextStep> {
    let judged_by = job.receipt_at.saturating_add(i64::from(job.verdict_window_seconds));
    let mut all = Vec::new();
    if u64::from(job.audit_bps) < BPS {
        let from = job.receipt_at.saturating_add(i64::from(job.challenge_window_seconds));
        let effect = "it settles as unchallenged and the provider is paid, unless the receipt was drawn for an audit";
        all.push(step("settle_unchallenged", "anyone", effect).from(from));
    }
    let effect = "the verdict is applied: the provider is paid, or the escrow comes back";
    all.push(step("verify_proof", "anyone, once the committee has judged", effect).until(judged_by));
    let effect = "nobody judged: the escrow comes back and nothing is slashed";
    all.push(step("expire_job", "anyone", effect).from(judged_by.saturating_add(1)));
    all
}

fn settled(job: &market::Job) -> Vec<NextStep> {
    let owed = [job.paid.saturating_sub(job.streamed), job.refunded, job.fee, job.sla_due];
    let mut all: Vec<_> = CLAIMED
        .iter()
        .zip(owed)
        .filter(|((bit, _, _), amount)| *amount > 0 && job.claimed & bit == 0)
        .map(|((_, instruction, who), amount)| step(instruction, who, format!("{amount} atoms are paid out")))
        .collect();
    let effect = if all.is_empty() { "the rent comes back" } else { "the rent comes back, once nothing is owed" };
    all.push(step("close_job", "anyone", effect));
    all
}

#[cfg(test)]
mod tests {
    use proofmill_protocol::job::JOB_STATES;

    use super::*;

    fn job(state: JobState) -> market::Job {
        let mut data = market::Job::DISCRIMINATOR.to_vec();
        data.resize(market::Job::LEN, 0);
        let mut job = market::Job::decode(&data).unwrap();
        (job.state, job.kind, job.attempt, job.attempts_max) = (state as u8, 1, 1, 1);
        (job.opened_at, job.matched_at, job.started_at, job.receipt_at) = (100, 200, 300, 400);
        (job.start_window_seconds, job.max_seconds, job.receipt_grace_seconds) = (10, 20, 30);
        (job.challenge_window_seconds, job.verdict_window_seconds, job.audit_bps) = (5, 50, 10_000);
        job.best_bid_per_second = u64::MAX;
        job
    }

    fn lines(job: &market::Job, now: i64) -> Vec<(&'static str, Option<i64>, Option<i64>)> {
        next_steps(job, now).into_iter().map(|step| (step.instruction, step.from, step.until)).collect()
    }

    #[test]
    fn each_state_of_a_batch_job_names_its_steps_and_deadlines() {
        assert_eq!(
            lines(&job(JobState::Open), 100),
            [("match_job", None, Some(700)), ("cancel_job", None, None), ("expire_job", Some(701), None)]
        );
        assert_eq!(
            lines(&job(JobState::Matched), 200),
            [("start_job", None, Some(210)), ("decline_job", None, None), ("expire_job", Some(211), None)]
        );
        assert_eq!(
            lines(&job(JobState::Running), 300),
            [("submit_proof", None, Some(350)), ("decline_job", None, None), ("expire_job", Some(351), None)]
        );
        assert_eq!(
            lines(&job(JobState::Submitted), 400),
            [("verify_proof", None, Some(450)), ("expire_job", Some(451), None)]
        );
        let unaudited = market::Job { audit_bps: 500, ..job(JobState::Submitted) };
        assert_eq!(lines(&unaudited, 400)[0], ("settle_unchallenged", Some(405), None));
        let owing = market::Job { paid: 5, refunded: 7, fee: 1, claimed: 2, ..job(JobState::Settled) };
        let names: Vec<_> = lines(&owing, 500).into_iter().map(|line| line.0).collect();
        assert_eq!(names, ["claim_reward", "sweep_fees", "close_job"]);
    }

    #[test]
    fn an_auction_is_bid_in_and_then_decided_by_anyone() {
        let mut auction = market::Job { bids_until: 160, ..job(JobState::Open) };
        assert_eq!(lines(&auction, 159)[0], ("place_bid", None, Some(160)));
        assert!(lines(&auction, 160).iter().all(|line| line.0 != "accept_bid" && line.0 != "match_job"));
        auction.best_bid_per_second = 9;
        assert_eq!(lines(&auction, 160)[0], ("accept_bid", Some(160), Some(760)));
    }

    #[test]
    fn a_failed_attempt_opens_the_job_again_only_while_attempts_are_left() {
        let mut matched = job(JobState::Matched);
        assert!(next_steps(&matched, 0)[1].effect.contains("settles as declined"));
        matched.attempts_max = 2;
        assert!(next_steps(&matched, 0)[1].effect.contains("opens again for attempt 2 of 2"));
    }

    #[test]
    fn every_state_of_every_kind_has_a_next_step() {
        for state in JOB_STATES {
            for kind in [1, KIND_SERVICE] {
                let job = market::Job { kind, ..job(state) };
                assert!(!next_steps(&job, 0).is_empty(), "{state:?} {kind}");
            }
        }
    }

    #[test]
    fn instants_are_told_from_now() {
        let late = step("start_job", "the provider", "it runs").until(10);
        assert_eq!(late.words(4), "the provider (start_job): it runs; within 6 s");
        assert_eq!(late.words(11), "the provider (start_job): it runs; 1 s late");
        assert_eq!(step("expire_job", "anyone", "x").from(10).words(4), "anyone (expire_job): x; in 6 s");
        assert_eq!(step("expire_job", "anyone", "x").from(10).words(10), "anyone (expire_job): x");
    }
}
