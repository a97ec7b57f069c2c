//! What an account says, in words and in JSON.

use proofmill_client::market;
use proofmill_protocol::job::{JobState, Outcome};
use serde_json::{Value, json};
use solana_address::Address;

use crate::output::tokens;

/// Word for a stored state.
pub fn state_name(code: u8) -> &'static str {
    match JobState::from_code(code) {
        Some(JobState::Open) => "open",
        Some(JobState::Matched) => "matched",
        Some(JobState::Running) => "running",
        Some(JobState::Submitted) => "submitted",
        Some(JobState::Settled) => "settled",
        Some(JobState::Paused) => "paused",
        Some(JobState::Ending) => "ending",
        None => "unknown",
    }
}

/// Word for a stored outcome.
pub fn outcome_name(code: u8) -> &'static str {
    Outcome::from_code(code).map_or("unknown", Outcome::name)
}

/// Word for how a job was matched.
pub fn matched_by_name(code: u8) -> &'static str {
    match code {
        1 => "instant",
        2 => "auction",
        _ => "none",
    }
}

pub fn job_json(key: &Address, job: &market::Job) -> Value {
    json!({
        "job": key.to_string(), "tenant": job.tenant.to_string(), "state": state_name(job.state),
        "outcome": outcome_name(job.outcome), "matched_by": matched_by_name(job.matched_by),
        "provider": job.provider.to_string(), "escrowed": job.escrowed, "price_per_second": job.price_per_second,
        "lock": job.lock, "metered_ms": job.metered_ms, "paid": job.paid, "refunded": job.refunded, "fee": job.fee,
        "slashed": job.slashed, "audit_bps": job.audit_bps, "exit_code": job.exit_code,
        "posted_at": job.posted_at, "matched_at": job.matched_at, "started_at": job.started_at,
        "receipt_at": job.receipt_at, "settled_at": job.settled_at,
        "output_root": hex::encode(job.output_root), "receipt_hash": hex::encode(job.receipt_hash),
    })
}

pub fn job_words(key: &Address, job: &market::Job) -> String {
    let mut text = format!("job {key}: {}", state_name(job.state));
    if job.outcome != 0 {
        text += &format!(", {}", outcome_name(job.outcome));
    }
    text += &format!("\n  escrowed {}", tokens(job.escrowed));
    if job.matched_by != 0 {
        text += &format!(
            "\n  provider {} by {} at {} atoms/s, {} of its stake locked",
            job.provider,
            matched_by_name(job.matched_by),
            job.price_per_second,
            tokens(job.lock)
        );
    }
    if job.receipt_at != 0 {
        text += &format!("\n  ran {} ms, exit code {}", job.metered_ms, job.exit_code);
    }
    if job.settled_at != 0 {
        text += &format!(
            "\n  paid {}, refunded {}, fee {}, slashed {}",
            tokens(job.paid),
            tokens(job.refunded),
            tokens(job.fee),
            tokens(job.slashed)
        );
    }
    text
}
