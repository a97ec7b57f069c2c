//! Attending services for browsers: where a job names the gateway's node key as its tenant's, the gateway looks at the
//! service and signs its usage as far as it was seen to answer, by the rule that the command line uses
//! ([`proofmill_client::service::Attendance`]). A browser cannot: it need not be open.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::StreamExt;
use proofmill_client::{
    market,
    service::{Attendance, KIND_SERVICE},
};
use proofmill_jobspec::{JobSpec, Port, Protocol};
use proofmill_protocol::job::JobState;
use solana_address::Address;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::{app::App, bridge::Bridge, error::ApiError, forward::answers, limits, store::HeldKind};

/// What is known of one service that is attended.
struct Attended {
    attendance: Attendance,
    port: Port,
    turn_at: Instant,
}

/// Attends until `cancel`.
pub async fn run(app: Arc<App>, cancel: CancellationToken) {
    let Some(bridge) = &app.bridge else { return };
    if !app.settings.cosign {
        return;
    }
    let begun = Instant::now();
    let mut known: HashMap<Address, Attended> = HashMap::new();
    let mut pause = tokio::time::interval(limits::LOOK_EVERY);
    pause.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while cancel.run_until_cancelled(pause.tick()).await.is_some() {
        let (domain, now, jobs) = {
            let model = app.model();
            let ours = model.jobs().filter(|(_, job)| is_ours(job, bridge)).take(limits::ATTENDED_MAX);
            let jobs: Vec<(Address, market::Job)> = ours.map(|(at, job)| (at, *job)).collect();
            (model.config().map(|config| config.domain), model.now(), jobs)
        };
        let Some(domain) = domain else { continue };
        let mut round = Vec::with_capacity(jobs.len());
        for (at, job) in jobs {
            let attended = match known.remove(&at).filter(|attended| attended.attendance.is_of(&job)) {
                Some(attended) => Some(attended),
                None => begin(&app, bridge, domain, at, &job, now).await,
            };
            round.extend(attended.map(|attended| (at, job, attended)));
        }
        // Services that are over are not attended any longer.
        known = futures_util::stream::iter(round)
            .map(|(at, job, mut attended)| {
                let app = &app;
                async move {
                    look_and_sign(app, bridge, at, &job, now, begun, &mut attended).await;
                    (at, attended)
                }
            })
            .buffer_unordered(limits::ATTENDED_AT_ONCE)
            .collect()
            .await;
    }
}

fn is_ours(job: &market::Job, bridge: &Bridge) -> bool {
    let metered =
        matches!(JobState::from_code(job.state), Some(JobState::Running | JobState::Paused | JobState::Ending));
    job.kind == KIND_SERVICE && metered && job.tenant_node_key == bridge.node_key()
}

/// Begins to attend a service. Its document is held until it is over; one without a port cannot be looked at.
async fn begin(
    app: &App,
    bridge: &Bridge,
    domain: [u8; 32],
    at: Address,
    job: &market::Job,
    now: i64,
) -> Option<Attended> {
    let held = app.store.held_of(&at.to_string()).await.ok()?;
    let spec = held.into_iter().find(|held| held.kind == HeldKind::Spec && held.nonce == job.nonce)?;
    let bytes = tokio::fs::read(bridge.path_of(&spec)).await.ok()?;
    let ports = JobSpec::parse(&bytes).ok()?.ports;
    let port = ports.into_iter().find(|port| port.protocol != Protocol::Udp)?;
    let attendance = Attendance::begin(domain, &at, job, now);
    Some(Attended { attendance, port, turn_at: Instant::now() })
}

async fn look_and_sign(
    app: &App,
    bridge: &Bridge,
    at: Address,
    job: &market::Job,
    now: i64,
    begun: Instant,
    attended: &mut Attended,
) {
    // A paused service earns nothing, whether or not it answers.
    let running = JobState::from_code(job.state) == Some(JobState::Running);
    let answered = running && look(app, bridge, at, &attended.port).await;
    let at_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    attended.attendance.looked(at_ms, answered);
    attended.attendance.accepted(job.metered_ms);
    if Instant::now() < attended.turn_at {
        return;
    }
    let quarter = Duration::from_secs(u64::from(job.usage_timeout_seconds) / 4);
    attended.turn_at = Instant::now() + quarter.clamp(limits::LOOK_EVERY, limits::SIGN_EVERY_MAX);
    let sooner = Instant::now() + limits::SIGN_AGAIN;
    let signing = timeout(limits::SIGN_WITHIN, sign(app, bridge, at, job, now, &mut attended.attendance)).await;
    if !matches!(signing, Ok(Ok(true))) {
        attended.turn_at = attended.turn_at.min(sooner);
    }
    match signing {
        Ok(Ok(true)) => {
            app.metrics.usage_signed.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Ok(false)) => {
            app.metrics.usage_declined.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Err(error)) => tracing::debug!(job = %at, error = error.message, "no usage was signed"),
        Err(_) => tracing::debug!(job = %at, "no usage was signed: no answer in time"),
    }
}

async fn look(app: &App, bridge: &Bridge, at: Address, port: &Port) -> bool {
    let look = async {
        match bridge.tunnel(app, &at, port.number).await {
            Ok(tunnel) => answers(tunnel, port.protocol == Protocol::Http).await,
            Err(_) => false,
        }
    };
    timeout(limits::LOOK_WITHIN, look).await.unwrap_or(false)
}

/// Whether a total was signed; false if it was declined.
async fn sign(
    app: &App,
    bridge: &Bridge,
    at: Address,
    job: &market::Job,
    now: i64,
    attendance: &mut Attendance,
) -> Result<bool, ApiError> {
    let exchange = bridge.usage(app, &at).await?;
    let report = exchange.report;
    if let Err(declined) = attendance.judge(&report, job, now) {
        tracing::info!(job = %at, %declined, "usage is not signed");
        // Dropping the exchange declines.
        return Ok(false);
    }
    exchange.cosign(bridge.sign_usage(&report)).await?;
    attendance.signed(&report);
    tracing::info!(job = %at, usage_ms = report.usage_ms, "usage is signed");
    Ok(true)
}
