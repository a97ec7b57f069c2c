//! Crediting both sides of a job that has just ended, and letting its lock go or setting it aside for a slash.
use anchor_lang::prelude::*;
use proofmill_protocol::{amount, job::Outcome, settlement};

use crate::{
    error,
    events::{BondReleased, JobSettled, StartMissed},
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
        output_root: job.output_root,
    });
}

/// Settles a job that nobody holds.
pub fn unheld(job: &mut Account<Job>, outcome: Outcome, now: i64) -> Result<()> {
    credit(job, outcome, now)?;
    announce(job);
    Ok(())
}

/// Ends the lock of the job by what became of the attempt: set aside for a slash, or free again. A missed start costs a
/// part of it at once, because the deadline is one that the program itself has just checked.
pub fn end_lock(job: &mut Account<Job>, stake: &mut Account<Stake>, outcome: Outcome) -> Result<()> {
    let mut balances = stake.balances();
    if outcome.slashes() {
        // Without cryptographic evidence never more than this job's lock, and not at once: see `slash.rs`.
        job.slashed = balances.hold_lock(job.lock).map_err(error::stake)?;
    } else if outcome == Outcome::NeverStarted {
        let slashed = balances.miss_start(job.lock).map_err(error::stake)?;
        stake.slashed_total = stake.slashed_total.saturating_add(slashed);
        emit!(StartMissed {
            job: *job.address(),
            provider: job.provider,
            stake: *stake.address(),
            slashed,
            bonded: balances.bonded,
            unbonding: balances.unbonding,
        });
    } else {
        balances.release(job.lock).map_err(error::stake)?;
    }
    stake.set_balances(balances);
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
    end_lock(job, stake, outcome)?;
    if job.sla_bond > 0 {
        let mut balances = stake.balances();
        let required = job.sla_uptime_bps;
        let due = job.meter().sla_due(now, job.sla_bond, required);
        let due = balances.forfeit(job.sla_bond, due).map_err(error::stake)?;
        job.sla_due = due;
        let released = amount::less(job.sla_bond, due).map_err(error::amount)?;
        stake.set_balances(balances);
        emit!(BondReleased { job: *job.address(), stake: *stake.address(), released, due });
    }
    stake.active_jobs = stake.active_jobs.saturating_sub(1);
    // Counters of what a provider did are written here only, where its account is written anyway: they are as late as
    // the settlement, never wrong, and cost no account of their own.
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
        // It stopped answering: as one without a receipt.
        Outcome::Dead => {
            provider.failed_total = provider.failed_total.saturating_add(1);
            provider.consecutive_accepted = 0;
        }
        // Either side may end a service: it counts, and says nothing about the truth of receipts.
        Outcome::Withdrawn => provider.failed_total = provider.failed_total.saturating_add(1),
        // Nobody's fault that can be shown; and a service that ended well is witnessed, never verified: a record of
        // accepted receipts is not made of it.
        _ => {}
    }
    announce(job);
    Ok(())
}
