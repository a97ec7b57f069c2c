//! What operators scrape: `/metrics`, `/livez`, `/readyz`.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use proofmill_provider_core::{Phase, Role};
use tokio::net::TcpListener;

use crate::steps::{Context, lock};

/// Counters of the loop.
#[derive(Default)]
pub struct Gauges {
    /// Jobs and containers have been reconciled at least once.
    pub ready: AtomicBool,
    /// Receipts recorded since the start.
    pub receipts_total: AtomicU64,
    /// Re-execution claims recorded since the start.
    pub reexecutions_total: AtomicU64,
    /// Chain's clock at the last poll, unix seconds.
    pub chain_unix_seconds: AtomicU64,
}

#[derive(Clone)]
struct Shared {
    context: Arc<Context>,
    gauges: Arc<Gauges>,
}

/// Serves until the listener fails.
///
/// # Errors
/// If the address cannot be bound.
pub async fn serve(addr: SocketAddr, context: Arc<Context>, gauges: Arc<Gauges>) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(addr).await?;
    let bound = listener.local_addr()?;
    let router = Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(readyz))
        .with_state(Shared { context, gauges });
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "metrics are no longer served");
        }
    });
    Ok(bound)
}

async fn readyz(State(shared): State<Shared>) -> (StatusCode, &'static str) {
    if shared.gauges.ready.load(Ordering::Relaxed) {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "reconciling\n")
    }
}

/// The word of a phase in metrics and status.
pub fn phase_name(phase: &Phase) -> &'static str {
    match phase {
        Phase::Wanted => "wanted",
        Phase::Starting => "starting",
        Phase::Running { .. } => "running",
        Phase::Serving { .. } => "serving",
        Phase::Closing { .. } => "closing",
        Phase::Exited(_) => "exited",
        Phase::Scanned(_) => "scanned",
        Phase::Recorded => "recorded",
        Phase::Submitted => "submitted",
        Phase::Claiming => "claiming",
        Phase::Declining(_) => "declining",
        Phase::Ended { .. } => "ended",
    }
}

async fn metrics(State(shared): State<Shared>) -> String {
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    let mut usage_ms = 0_u64;
    for record in lock(&shared.context.attempts).values() {
        let role = match record.key.role {
            Role::Run => "run",
            Role::Reexecute => "reexecute",
        };
        *counts.entry((role, phase_name(&record.phase))).or_default() += 1;
        if let Phase::Serving { metered, .. } | Phase::Closing { metered } = record.phase {
            usage_ms = usage_ms.saturating_add(metered.usage_ms);
        }
    }
    let mut text = String::from("# TYPE proofmill_provider_attempts gauge\n");
    for ((role, phase), count) in counts {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "proofmill_provider_attempts{{role=\"{role}\",phase=\"{phase}\"}} {count}");
    }
    let mut line = |name: &str, kind: &str, value: u64| {
        let _ = writeln!(text, "# TYPE proofmill_provider_{name} {kind}\nproofmill_provider_{name} {value}");
    };
    let sights: Vec<_> = lock(&shared.context.services.sights).values().copied().collect();
    line("services_healthy", "gauge", sights.iter().filter(|sight| sight.healthy && !sight.paused).count() as u64);
    line("services_paused", "gauge", sights.iter().filter(|sight| sight.paused).count() as u64);
    line("services_ill", "gauge", sights.iter().filter(|sight| !sight.healthy && !sight.paused).count() as u64);
    line("services_usage_ms", "gauge", usage_ms);
    let gauges = &shared.gauges;
    line("containers_watched", "gauge", lock(&shared.context.watched).len() as u64);
    line("receipts_total", "counter", gauges.receipts_total.load(Ordering::Relaxed));
    line("reexecutions_total", "counter", gauges.reexecutions_total.load(Ordering::Relaxed));
    line("chain_unix_seconds", "gauge", gauges.chain_unix_seconds.load(Ordering::Relaxed));
    line("outbox_pending", "gauge", shared.context.ledger.outbox_len().unwrap_or(0) as u64);
    line("resident_bytes", "gauge", resident_bytes().unwrap_or(0));
    text
}

/// Resident memory of this process.
pub fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
