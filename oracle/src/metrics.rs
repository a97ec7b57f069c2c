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
    roots: Mutex<BTreeMap<&'static str, u64>>,
    root_refusals: Mutex<BTreeMap<&'static str, u64>>,
    heartbeats_answered_total: AtomicU64,
    heartbeats_missed_total: AtomicU64,
    slots_counted_total: AtomicU64,
    slots_uncounted_total: AtomicU64,
    service_looks_answered_total: AtomicU64,
    service_looks_missed_total: AtomicU64,
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

    /// A provider was asked for a heartbeat in a slot that counts.
    pub fn heartbeat(&self, answered: bool) {
        let counter = if answered { &self.heartbeats_answered_total } else { &self.heartbeats_missed_total };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A slot of heartbeats is over: whether it counts.
    pub fn slot(&self, counts: bool) {
        let counter = if counts { &self.slots_counted_total } else { &self.slots_uncounted_total };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A service was looked at.
    pub fn service_look(&self, answered: bool) {
        let counter = if answered { &self.service_looks_answered_total } else { &self.service_looks_missed_total };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A step towards a root was taken.
    pub fn root(&self, step: &'static str) {
        *self.roots.lock().unwrap_or_else(PoisonError::into_inner).entry(step).or_default() += 1;
    }

    /// A proposed root was not signed.
    pub fn root_refused(&self, reason: &'static str) {
        *self.root_refusals.lock().unwrap_or_else(PoisonError::into_inner).entry(reason).or_default() += 1;
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
        let mut pair = |name: &str, label: &str, yes: (&str, &AtomicU64), no: (&str, &AtomicU64)| {
            let _ = writeln!(out, "# TYPE proofmill_oracle_{name} counter");
            for (value, counter) in [yes, no] {
                let _ = writeln!(out, "proofmill_oracle_{name}{{{label}=\"{value}\"}} {}", load(counter));
            }
        };
        let (answered, missed) = (&self.heartbeats_answered_total, &self.heartbeats_missed_total);
        pair("heartbeats_total", "result", ("answered", answered), ("missed", missed));
        let (counted, uncounted) = (&self.slots_counted_total, &self.slots_uncounted_total);
        pair("heartbeat_slots_total", "counts", ("yes", counted), ("no", uncounted));
        let (answered, missed) = (&self.service_looks_answered_total, &self.service_looks_missed_total);
        pair("service_looks_total", "result", ("answered", answered), ("missed", missed));
        for (name, label, counts) in
            [("roots_total", "step", &self.roots), ("root_refusals_total", "reason", &self.root_refusals)]
        {
            let _ = writeln!(out, "# TYPE proofmill_oracle_{name} counter");
            for (value, count) in counts.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                let _ = writeln!(out, "proofmill_oracle_{name}{{{label}=\"{value}\"}} {count}");
            }
        }
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
