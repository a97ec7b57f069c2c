//! The end of an attempt of which nothing came: the job opens again, or settles after its last.
use anchor_lang::prelude::*;
use proofmill_protocol::{
    attempts,
    job::{JobEvent, Outcome},
};

use crate::{
    events::{DepositForfeited, DepositReturned, JobReopened, ProviderUpdated},
    settle,
    state::{Job, Provider, Stake, KIND_BATCH},
};

/// Gives what a winning bid pledged to the start back to the operator: it started, or could not any more.
pub fn return_deposit(job: &mut Account<Job>, operator: &AccountView) -> Result<()> {
    let lamports = job.bid_deposit;
    if lamports == 0 {
        return Ok(());
    }
    job.bid_deposit = 0;
    job.sub_lamports(lamports)?;
    operator.add_lamports(lamports)?;
    emit!(DepositReturned { job: *job.address(), provider: job.provider, lamports });
    Ok(())
}

/// Applies `event` to a job that `provider` holds.
pub fn end(
    job: &mut Account<Job>,
    provider: &mut Account<Provider>,
    stake: &mut Account<Stake>,
    event: JobEvent,
    now: i64,
) -> Result<()> {
    let outcome = job.advance(event)?;
    if outcome == Outcome::NeverStarted && provider.active != 0 {
        // Who did not come once is not there: it could be matched in every window, until its stake is used up. Its node
        // announces it again when it is back.
        provider.active = 0;
        emit!(ProviderUpdated { provider: *provider.address(), active: 0 });
    }
    // The lamports lie in the job's account and leave it with the rest, when it closes: to the tenant.
    if job.bid_deposit > 0 {
        emit!(DepositForfeited { job: *job.address(), provider: job.provider, lamports: job.bid_deposit });
        job.bid_deposit = 0;
    }
    // A service that ended after it ran has been paid for the time; another attempt would be another service.
    if job.kind != KIND_BATCH || !attempts::reopens(outcome, job.attempt, job.attempts_max) {
        return settle::held(job, provider, stake, outcome, now);
    }
    settle::end_lock(job, stake, outcome)?;
    stake.active_jobs = stake.active_jobs.saturating_sub(1);
    provider.failed_total = provider.failed_total.saturating_add(1);
    provider.consecutive_accepted = 0;
    let lock = job.lock;
    job.reopen(now)?;
    emit!(JobReopened {
        job: *job.address(),
        provider: *provider.address(),
        outcome: outcome as u8,
        attempt: job.attempt,
        lock,
    });
    Ok(())
}
