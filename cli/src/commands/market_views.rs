//! What an account says, in words and in JSON.

use proofmill_client::{
    market,
    service::{self, KIND_SERVICE},
};
use proofmill_protocol::{
    job::{JobState, Outcome},
    service::streamable,
};
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
    let mut value = json!({
        "job": key.to_string(), "tenant": job.tenant.to_string(), "state": state_name(job.state),
        "outcome": outcome_name(job.outcome), "matched_by": matched_by_name(job.matched_by),
        "provider": job.provider.to_string(), "escrowed": job.escrowed, "price_per_second": job.price_per_second,
        "lock": job.lock, "metered_ms": job.metered_ms, "paid": job.paid, "refunded": job.refunded, "fee": job.fee,
        "slashed": job.slashed, "audit_bps": job.audit_bps, "exit_code": job.exit_code,
        "posted_at": job.posted_at, "matched_at": job.matched_at, "started_at": job.started_at,
        "receipt_at": job.receipt_at, "settled_at": job.settled_at,
        "output_root": hex::encode(job.output_root), "receipt_hash": hex::encode(job.receipt_hash),
    });
    if job.kind == KIND_SERVICE {
        value["service"] = service_json(job);
    }
    value
}

/// What only a service has. Instants are those of the account: they move when it is topped up, paused or resumed.
fn service_json(job: &market::Job) -> Value {
    let meter = service::meter(job);
    let started = job.started_at != 0;
    json!({
        "usage_ms": job.metered_ms, "usage_at": job.usage_at, "max_seconds": job.max_seconds,
        "dry_at": started.then(|| meter.dry_at()), "paused": job.state == JobState::Paused as u8,
        "paused_at": job.paused_at, "paused_ms": job.paused_ms, "streamed": job.streamed, "streamable": undrawn(job),
        "usage_timeout_seconds": job.usage_timeout_seconds, "settles_after": service::settles_after(job),
        "sla_bond": job.sla_bond, "sla_uptime_bps": job.sla_uptime_bps, "sla_due": job.sla_due,
        "sla_claimed": job.claimed & service::CLAIMED_SLA != 0,
    })
}

/// What the provider has earned and not drawn yet.
fn undrawn(job: &market::Job) -> u64 {
    streamable(job.escrowed, job.price_per_second, job.metered_ms, job.fee_bps, job.streamed).unwrap_or(0)
}

fn service_words(job: &market::Job) -> String {
    let (meter, ms) = (service::meter(job), job.metered_ms);
    let mut text = format!(
        "\n  used {}.{:03} s of {} s; {} streamed to the provider, {} earned and not drawn",
        ms / 1_000,
        ms % 1_000,
        job.max_seconds,
        tokens(job.streamed),
        tokens(undrawn(job))
    );
    match JobState::from_code(job.state) {
        Some(JobState::Running) => text += &format!("\n  the escrow runs dry at {} (unix seconds)", meter.dry_at()),
        Some(JobState::Paused) => {
            text += &format!("\n  paused since the escrow ran dry at {}: top it up, or stop it", job.paused_at);
        }
        _ => {}
    }
    if job.sla_bond != 0 {
        let asked = format!("{}.{:02} %", job.sla_uptime_bps / 100, job.sla_uptime_bps % 100);
        text += &format!("\n  {} pledged for {asked} availability, {} due", tokens(job.sla_bond), tokens(job.sla_due));
    }
    text
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
    if job.kind == KIND_SERVICE {
        text += &service_words(job);
    } else if job.receipt_at != 0 {
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
