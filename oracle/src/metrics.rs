//! Numbers for operators: `/metrics` as Prometheus text, `/livez`, `/readyz`.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
};

use axum::{Router, http::StatusCode, routing::get};
use tokio_util::sync::CancellationToken;

/// Counters and gauges of one daemon.
#[derive(Debug, Default)]
pub struct Metrics {
    opinions: Mutex<BTreeMap<&'static str, u64>>,
    cranks: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    evidence_failures_total: AtomicU64,
    attestations_confirmed_total: AtomicU64,
    attestations_failed_total: AtomicU64,
    seats_open: AtomicI64,
    jobs: AtomicU64,
    rounds: AtomicU64,
    chain_unix_seconds: AtomicI64,
    ready: AtomicBool,
}

impl Metrics {
    /// An opinion was decided.
    pub fn opinion(&self, name: &'static str) {
        *self.opinions.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }

    /// A crank ended.
    pub fn crank(&self, name: &'static str, result: &'static str) {
        *self.cranks.lock().unwrap_or_else(PoisonError::into_inner).entry((name, result)).or_default() += 1;
    }

    /// A party did not serve what it was asked for.
    pub fn evidence_failure(&self) {
        self.evidence_failures_total.fetch_add(1, Ordering::Relaxed);
    }

    /// An attestation ended.
    pub fn attestation(&self, confirmed: bool) {
        let counter = if confirmed { &self.attestations_confirmed_total } else { &self.attestations_failed_total };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A seat is taken up (1) or left (-1).
    pub fn seat(&self, change: i64) {
        self.seats_open.fetch_add(change, Ordering::Relaxed);
    }

    /// What the mirror holds, and the chain's clock.
    pub fn mirror(&self, jobs: usize, rounds: usize, chain_unix_seconds: Option<i64>, ready: bool) {
        self.jobs.store(jobs as u64, Ordering::Relaxed);
        self.rounds.store(rounds as u64, Ordering::Relaxed);
        if let Some(seconds) = chain_unix_seconds {
            self.chain_unix_seconds.store(seconds, Ordering::Relaxed);
        }
        self.ready.store(ready, Ordering::Relaxed);
    }

    /// Whether the daemon sees the chain as it is.
    pub fn ready(&self) -> bool {
        self.ready.load(Ordering::Relaxed)
    }

    /// The Prometheus text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut one = |name: &str, kind: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = writeln!(out, "# TYPE {name} {kind}\n{name} {value}");
        };
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed).to_string();
        one("proofmill_oracle_ready", "gauge", u8::from(self.ready()).to_string());
        one("proofmill_oracle_jobs", "gauge", load(&self.jobs));
        one("proofmill_oracle_rounds", "gauge", load(&self.rounds));
        one("proofmill_oracle_seats_open", "gauge", self.seats_open.load(Ordering::Relaxed).to_string());
        let clock = self.chain_unix_seconds.load(Ordering::Relaxed).to_string();
        one("proofmill_oracle_chain_unix_seconds", "gauge", clock);
        one("proofmill_oracle_evidence_failures_total", "counter", load(&self.evidence_failures_total));
        one("proofmill_oracle_attestations_confirmed_total", "counter", load(&self.attestations_confirmed_total));
        one("proofmill_oracle_attestations_failed_total", "counter", load(&self.attestations_failed_total));
        let _ = writeln!(out, "# TYPE proofmill_oracle_opinions_total counter");
        for (opinion, count) in self.opinions.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(out, "proofmill_oracle_opinions_total{{opinion=\"{opinion}\"}} {count}");
        }
        let _ = writeln!(out, "# TYPE proofmill_oracle_cranks_total counter");
        for ((crank, result), count) in self.cranks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = writeln!(out, "proofmill_oracle_cranks_total{{crank=\"{crank}\",result=\"{result}\"}} {count}");
        }
        out
    }
}

/// Why nobody can read the numbers.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve metrics on {addr}: {source}; choose another metrics_addr or leave it out")]
pub struct ServeMetricsError {
    addr: SocketAddr,
    source: std::io::Error,
}

/// Serves the numbers until `stop`. Returns the bound socket.
///
/// # Errors
/// The socket cannot be bound.
pub async fn serve(
    addr: SocketAddr,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) -> Result<SocketAddr, ServeMetricsError> {
    let failed = |source| ServeMetricsError { addr, source };
    let listener = tokio::net::TcpListener::bind(addr).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let readiness = metrics.clone();
    let router = Router::new()
        .route("/metrics", get(move || async move { metrics.text() }))
        .route("/livez", get(|| async { "ok\n" }))
        .route(
            "/readyz",
            get(move || async move {
                if readiness.ready() {
                    (StatusCode::OK, "ok\n")
                } else {
                    (StatusCode::SERVICE_UNAVAILABLE, "the chain is not seen as it is\n")
                }
            }),
        );
    tokio::spawn(async move {
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await;
        if let Err(error) = served {
            tracing::error!(%error, "metrics are no longer served");
        }
    });
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_type_and_every_label_is_quoted() {
        let metrics = Metrics::default();
        metrics.opinion("valid");
        metrics.crank("open_round", "done");
        metrics.attestation(true);
        let text = metrics.text();
        assert!(text.contains("proofmill_oracle_opinions_total{opinion=\"valid\"} 1\n"));
        assert!(text.contains("proofmill_oracle_cranks_total{crank=\"open_round\",result=\"done\"} 1\n"));
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let name = line.split(['{', ' ']).next().unwrap();
            assert!(text.contains(&format!("# TYPE {name} ")), "{line}");
        }
    }
}
