//! What the instructions of a service share; the arithmetic is `proofmill_protocol::service`.
use anchor_lang::prelude::*;
use proofmill_protocol::{
    job::{JobEvent, JobState, Outcome},
    limits,
    service::UsageError,
};

use crate::{
    error::MarketError,
    events::{JobPaused, UsageAccepted},
    state::Job,
};

/// Whether usage may still come: while it runs or is paused, and for a short time after it was ended.
pub fn require_metered(job: &Account<Job>, now: i64) -> Result<()> {
    require!(job.is_service(), MarketError::NotAService);
    match job.state()? {
        JobState::Running | JobState::Paused => Ok(()),
        JobState::Ending => {
            let until = job.receipt_at.saturating_add(limits::USAGE_GRACE_SECONDS);
            require!(now <= until, MarketError::UsageTooLate);
            Ok(())
        }
        JobState::Settled => Err(MarketError::JobSettled.into()),
        _ => Err(MarketError::ServiceNotRunning.into()),
    }
}

/// Takes in a cumulative total whose origin has been checked. One that says nothing new changes nothing.
pub fn accept_usage(job: &mut Account<Job>, usage_ms: u64, measured_at: i64, now: i64, witnessed: u8) -> Result<()> {
    let mut meter = job.meter();
    let fresh = match meter.accept(usage_ms, measured_at, now) {
        Ok(fresh) => fresh,
        Err(UsageError::TooMuch { .. }) => return Err(MarketError::UsageTooLong.into()),
    };
    if fresh {
        job.set_meter(meter);
        emit!(UsageAccepted { job: *job.address(), usage_ms, usage_at: job.usage_at, witnessed });
    }
    Ok(())
}

/// Pauses a running service whose escrow is dry, as of the instant at which it ran dry; whether it did.
pub fn pause_if_dry(job: &mut Account<Job>, now: i64) -> Result<bool> {
    let mut meter = job.meter();
    require!(!meter.is_dead(now), MarketError::ServiceSilent);
    if !meter.is_dry(now) {
        return Ok(false);
    }
    job.advance(JobEvent::Pause)?;
    meter.pause();
    job.set_meter(meter);
    emit!(JobPaused { job: *job.address(), paused_at: job.paused_at });
    Ok(true)
}

/// What the passing of its deadline is to a service. The caller has checked that it passed.
pub fn expiry(job: &mut Account<Job>, now: i64) -> Result<JobEvent> {
    match job.state()? {
        JobState::Running => {
            let meter = job.meter();
            if meter.is_dead(now) {
                // It counts as having ended when its silence was long enough, whoever says so when.
                job.receipt_at = meter.silent_after();
                return Ok(JobEvent::Die);
            }
            // Dry for so long that the pause that nobody declared is over.
            require!(pause_if_dry(job, now)?, MarketError::NotExpired);
            Ok(JobEvent::Expire)
        }
        JobState::Ending => {
            let outcome = Outcome::from_code(job.outcome).ok_or(MarketError::StateUnknown)?;
            Ok(JobEvent::Finish(outcome))
        }
        _ => Ok(JobEvent::Expire),
    }
}
