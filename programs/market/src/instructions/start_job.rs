use anchor_lang::prelude::*;
use proofmill_protocol::job::JobEvent;

use crate::{
    attempt,
    error::MarketError,
    events::JobStarted,
    state::{Job, Provider},
};

#[derive(Accounts)]
pub struct StartJob {
    #[account(mut, address = provider.operator @ MarketError::NotOperator)]
    pub operator: Signer,
    #[account(address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(mut)]
    pub job: Account<Job>,
}

pub fn handle(ctx: &mut Context<StartJob>) -> Result<()> {
    let (job, operator) = (&mut ctx.accounts.job, &ctx.accounts.operator);
    let now = Clock::get()?.unix_timestamp;
    let deadline = job.matched_at.saturating_add(i64::from(job.start_window_seconds));
    job.advance(JobEvent::Start)?;
    require!(now <= deadline, MarketError::StartTooLate);
    job.mark_started(now);
    // What a winning bid pledged to this start goes back.
    attempt::return_deposit(job, operator.account())?;
    emit!(JobStarted { job: *job.address(), started_at: now });
    Ok(())
}
