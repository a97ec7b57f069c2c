//! Counters for Prometheus.

use std::{
    fmt::Write,
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

/// Upper bounds of the buckets of answer times, microseconds.
const BUCKETS: [u64; 10] = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000];

/// Everything that is counted. Relaxed: each stands for itself.
#[derive(Default)]
pub struct Metrics {
    answers: [AtomicU64; 6],
    times: [AtomicU64; BUCKETS.len()],
    times_count: AtomicU64,
    times_micros: AtomicU64,
    pub cache_hits: AtomicU64,
    pub cache_misses: AtomicU64,
    pub refused_rate: AtomicU64,
    pub refused_busy: AtomicU64,
    pub connections: AtomicI64,
    pub streams: AtomicI64,
    pub events_indexed: AtomicU64,
    pub slots_undone: AtomicU64,
    pub account_changes: AtomicU64,
    pub indexed_slot: AtomicU64,
    pub chain_slot: AtomicU64,
    pub feed_errors: AtomicU64,
    pub delivered: AtomicU64,
    pub delivery_errors: AtomicU64,
    pub usage_signed: AtomicU64,
    pub usage_declined: AtomicU64,
}

impl Metrics {
    /// Counts an answer.
    pub fn answered(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).min(5);
        if let Some(counter) = self.answers.get(class) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.times_count.fetch_add(1, Ordering::Relaxed);
        self.times_micros.fetch_add(micros, Ordering::Relaxed);
        for (bound, counter) in BUCKETS.iter().zip(&self.times) {
            if micros <= *bound {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The exposition text.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing into a String cannot fail.
        let mut line = |text: std::fmt::Arguments<'_>| {
            let _ = writeln!(out, "{text}");
        };
        line(format_args!("# TYPE proofmill_gateway_answers_total counter"));
        for (class, counter) in self.answers.iter().enumerate().skip(1) {
            let count = counter.load(Ordering::Relaxed);
            line(format_args!("proofmill_gateway_answers_total{{status=\"{class}xx\"}} {count}"));
        }
        line(format_args!("# TYPE proofmill_gateway_answer_seconds histogram"));
        for (bound, counter) in BUCKETS.iter().zip(&self.times) {
            let seconds = *bound as f64 / 1e6;
            let count = counter.load(Ordering::Relaxed);
            line(format_args!("proofmill_gateway_answer_seconds_bucket{{le=\"{seconds}\"}} {count}"));
        }
        let count = self.times_count.load(Ordering::Relaxed);
        line(format_args!("proofmill_gateway_answer_seconds_bucket{{le=\"+Inf\"}} {count}"));
        let seconds = self.times_micros.load(Ordering::Relaxed) as f64 / 1e6;
        line(format_args!("proofmill_gateway_answer_seconds_sum {seconds}"));
        line(format_args!("proofmill_gateway_answer_seconds_count {count}"));
        let counters = [
            ("cache_hits_total", &self.cache_hits),
            ("cache_misses_total", &self.cache_misses),
            ("refused_rate_total", &self.refused_rate),
            ("refused_busy_total", &self.refused_busy),
            ("events_indexed_total", &self.events_indexed),
            ("slots_undone_total", &self.slots_undone),
            ("account_changes_total", &self.account_changes),
            ("feed_errors_total", &self.feed_errors),
            ("delivered_total", &self.delivered),
            ("delivery_errors_total", &self.delivery_errors),
            ("usage_signed_total", &self.usage_signed),
            ("usage_declined_total", &self.usage_declined),
        ];
        for (name, counter) in counters {
            line(format_args!("# TYPE proofmill_gateway_{name} counter"));
            line(format_args!("proofmill_gateway_{name} {}", counter.load(Ordering::Relaxed)));
        }
        let gauges = [
            ("indexed_slot", self.indexed_slot.load(Ordering::Relaxed).cast_signed()),
            ("chain_slot", self.chain_slot.load(Ordering::Relaxed).cast_signed()),
            ("connections", self.connections.load(Ordering::Relaxed)),
            ("streams", self.streams.load(Ordering::Relaxed)),
        ];
        for (name, value) in gauges {
            line(format_args!("# TYPE proofmill_gateway_{name} gauge"));
            line(format_args!("proofmill_gateway_{name} {value}"));
        }
        out
    }
}

/// Counts up while it lives.
pub struct Gauged<'a>(&'a AtomicI64);

impl<'a> Gauged<'a> {
    pub fn new(gauge: &'a AtomicI64) -> Self {
        gauge.fetch_add(1, Ordering::Relaxed);
        Self(gauge)
    }
}

impl Drop for Gauged<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_class_and_time() {
        let metrics = Metrics::default();
        metrics.answered(200, Duration::from_micros(200));
        metrics.answered(404, Duration::from_secs(9));
        let text = metrics.text();
        for line in [
            "proofmill_gateway_answers_total{status=\"2xx\"} 1",
            "proofmill_gateway_answers_total{status=\"4xx\"} 1",
            "proofmill_gateway_answer_seconds_bucket{le=\"0.0001\"} 0",
            "proofmill_gateway_answer_seconds_bucket{le=\"0.00025\"} 1",
            "proofmill_gateway_answer_seconds_bucket{le=\"+Inf\"} 2",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
