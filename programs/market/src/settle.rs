//! Crediting both sides of a job that has just ended, and letting its lock go or slashing it.
use anchor_lang::prelude::*;
use proofmill_protocol::{job::Outcome, settlement};

use crate::{
    error,
    events::JobSettled,
    state::{Job, Provider, Stake},
};

/// Credits the parts of the escrow by `outcome` (already stored in `job`).
fn credit(job: &mut Account<Job>, outcome: Outcome, now: i64) -> Result<()> {
    let parts = settlement::settle(outcome, job.escrowed, job.price_per_second, job.metered_ms, job.fee_bps)
        .map_err(error::amount)?;
    job.paid = parts.paid;
    job.refunded = parts.refunded;
    job.fee = parts.fee;
    job.settled_at = now;
    Ok(())
}

fn announce(job: &Account<Job>) {
    emit!(JobSettled {
        job: *job.address(),
        outcome: job.outcome,
        paid: job.paid,
        refunded: job.refunded,
        fee: job.fee,
        slashed: job.slashed,
    });
}

/// Settles a job that nobody holds.
pub fn unheld(job: &mut Account<Job>, outcome: Outcome, now: i64) -> Result<()> {
    credit(job, outcome, now)?;
    announce(job);
    Ok(())
}

/// Settles a job that `provider` holds: credits, counters, and the lock.
pub fn held(
    job: &mut Account<Job>,
    provider: &mut Account<Provider>,
    stake: &mut Account<Stake>,
    outcome: Outcome,
    now: i64,
) -> Result<()> {
    credit(job, outcome, now)?;
    let mut balances = stake.balances();
    if outcome.slashes() {
        // Without cryptographic evidence never more than this job's lock.
        let slashed = balances.slash(job.lock).map_err(error::stake)?;
        job.slashed = slashed;
        stake.slashed_total = stake.slashed_total.saturating_add(slashed);
    } else {
        balances.release(job.lock).map_err(error::stake)?;
    }
    stake.set_balances(balances);
    stake.active_jobs = stake.active_jobs.saturating_sub(1);
    match outcome {
        Outcome::Accepted => {
            provider.accepted_total = provider.accepted_total.saturating_add(1);
            provider.consecutive_accepted = provider.consecutive_accepted.saturating_add(1);
        }
        // Unaudited work proves nothing: it counts as done, not as proven.
        Outcome::Unchallenged => provider.accepted_total = provider.accepted_total.saturating_add(1),
        Outcome::Rejected => {
            provider.rejected_total = provider.rejected_total.saturating_add(1);
            provider.consecutive_accepted = 0;
        }
        Outcome::Unavailable | Outcome::NeverStarted | Outcome::NoReceipt | Outcome::Declined => {
            provider.failed_total = provider.failed_total.saturating_add(1);
            provider.consecutive_accepted = 0;
        }
        // Nobody's fault that can be shown.
        _ => {}
    }
    announce(job);
    Ok(())
}
