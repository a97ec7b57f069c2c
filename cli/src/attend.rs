//! Attending a service: looking at it, and signing its usage as far as it was seen to answer.

use std::time::Duration;

use anyhow::{Context, Result};
use proofmill_client::{
    address, market,
    service::{Attendance, Declined},
};
use proofmill_jobspec::Port;
use proofmill_protocol::{amount, job::JobState, limits::USAGE_GRACE_SECONDS};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::{
    commands::market_views::{outcome_name, state_name},
    limits,
    line::Line,
    output::{Output, tokens},
};

/// What one try to sign came to.
enum Turn {
    /// A total is signed, and the node has the signature.
    Signed {
        usage_ms: u64,
        measured_at: i64,
    },
    Declined(Declined),
}

/// Looks at the service and signs its usage until it is over. What fails is told, and tried again.
pub async fn attend(line: &Line, port: &Port, output: &Output) -> Result<()> {
    let config =
        line.tenant.session.fetch("market configuration", &address::market_config(), market::Config::decode).await?;
    let (begun, mut turn_at) = (Instant::now(), Instant::now());
    let mut attendance: Option<Attendance> = None;
    let mut running = false;
    loop {
        // A paused service earns nothing, whether or not it answers.
        let answered = running && line.answers(port).await;
        if let Some(attendance) = &mut attendance {
            let at_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            if attendance.answers() && running && !answered {
                say(line, output, "away", format!("port {} does not answer: this time is not signed", port.number));
            }
            attendance.looked(at_ms, answered);
        }
        if Instant::now() >= turn_at {
            let mut every = limits::POLL * 10;
            match look_up(line).await {
                Ok(Seen::Over(words)) => {
                    say(line, output, "ended", words);
                    return Ok(());
                }
                Ok(Seen::Waiting) => running = false,
                Ok(Seen::Metered { job, now, state }) => {
                    running = state == JobState::Running;
                    every = turn_every(&job);
                    let fresh = !attendance.as_ref().is_some_and(|attendance| attendance.is_of(&job));
                    if fresh {
                        attendance = Some(Attendance::begin(config.domain, &line.job, &job, now));
                    }
                    if let Some(attendance) = &mut attendance {
                        attendance.accepted(job.metered_ms);
                        let turn = timeout(limits::SIGN_WITHIN, turn(line, attendance, &job, now)).await;
                        let signed = matches!(turn, Ok(Ok(Turn::Signed { .. })));
                        let last = signed && state == JobState::Ending;
                        if !signed {
                            every = every.min(limits::SIGN_AGAIN);
                        }
                        tell(line, output, &job, turn.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer in time"))));
                        if last {
                            say(line, output, "ended", "the service was ended; its last usage is signed".to_owned());
                            return Ok(());
                        }
                    }
                }
                Err(error) => say(line, output, "failed", format!("{error:#}")),
            }
            turn_at = Instant::now() + every;
        }
        sleep(limits::LOOK_EVERY).await;
    }
}

/// What the chain says of the service.
enum Seen {
    /// Not started yet.
    Waiting,
    Metered {
        job: Box<market::Job>,
        now: i64,
        state: JobState,
    },
    Over(String),
}

async fn look_up(line: &Line) -> Result<Seen> {
    let Some(job) = line.find_job().await? else { return Ok(Seen::Over("the job is closed".to_owned())) };
    let now = line.tenant.session.now().await?;
    Ok(match JobState::from_code(job.state) {
        Some(JobState::Open | JobState::Matched) => Seen::Waiting,
        Some(state @ (JobState::Running | JobState::Paused)) => Seen::Metered { job: Box::new(job), now, state },
        Some(state @ JobState::Ending) if now <= job.receipt_at.saturating_add(USAGE_GRACE_SECONDS) => {
            Seen::Metered { job: Box::new(job), now, state }
        }
        _ => Seen::Over(format!("{}: {}", state_name(job.state), outcome_name(job.outcome))),
    })
}

/// A quarter of the silence that the market takes for death: three tries may fail.
fn turn_every(job: &market::Job) -> Duration {
    let quarter = Duration::from_secs(u64::from(job.usage_timeout_seconds) / 4);
    quarter.clamp(limits::LOOK_EVERY, limits::SIGN_EVERY_MAX)
}

async fn turn(line: &Line, attendance: &mut Attendance, job: &market::Job, now: i64) -> Result<Turn> {
    let exchange = line.usage().await.context("asking the node for its total")?;
    let report = exchange.report;
    if let Err(declined) = attendance.judge(&report, job, now) {
        // Dropping the exchange declines.
        return Ok(Turn::Declined(declined));
    }
    exchange.cosign(line.tenant.sign_usage(&report)).await.context("handing over the signature")?;
    attendance.signed(&report);
    Ok(Turn::Signed { usage_ms: report.usage_ms, measured_at: report.measured_at })
}

fn tell(line: &Line, output: &Output, job: &market::Job, turn: Result<Turn>) {
    match turn {
        Ok(Turn::Signed { usage_ms, measured_at }) => {
            let atoms = amount::metered(job.price_per_second, usage_ms).unwrap_or(job.escrowed).min(job.escrowed);
            let value = json!({
                "event": "signed", "job": line.job.to_string(), "usage_ms": usage_ms, "measured_at": measured_at,
                "atoms": atoms,
            });
            output.event(&value, || {
                let seconds = usage_ms / 1_000;
                format!("signed: {seconds}.{:03} s in all, {} of it due", usage_ms % 1_000, tokens(atoms))
            });
        }
        Ok(Turn::Declined(declined)) => say(line, output, "declined", format!("not signed: {declined}")),
        Err(error) => say(line, output, "failed", format!("nothing was signed: {error:#}")),
    }
}

fn say(line: &Line, output: &Output, event: &str, words: String) {
    output.event(&json!({ "event": event, "job": line.job.to_string(), "message": words }), || words.clone());
}
