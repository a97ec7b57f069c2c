use anchor_lang::prelude::*;
use proofmill_protocol::job::JobEvent;

use crate::{
    error::MarketError,
    events::JobResumed,
    state::{Job, Provider},
};

/// As at the start, the provider says that it is healthy; a tenant cannot say so for it.
#[derive(Accounts)]
pub struct ResumeJob {
    #[account(address = provider.operator @ MarketError::NotOperator)]
    pub operator: Signer,
    #[account(address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(mut)]
    pub job: Account<Job>,
}

pub fn handle(ctx: &mut Context<ResumeJob>) -> Result<()> {
    let job = &mut ctx.accounts.job;
    require!(job.is_service(), MarketError::NotAService);
    let now = Clock::get()?.unix_timestamp;
    job.advance(JobEvent::Resume)?;
    let mut meter = job.meter();
    require!(now <= meter.pause_over_after(), MarketError::PauseOver);
    meter.resume(now);
    require!(!meter.is_dry(now), MarketError::EscrowDry);
    job.set_meter(meter);
    emit!(JobResumed { job: *job.address(), resumed_at: now, paused_ms: job.paused_ms });
    Ok(())
}
