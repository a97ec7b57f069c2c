use anchor_lang::prelude::*;
use proofmill_protocol::job::JobEvent;

use crate::{error::MarketError, service, state::Job};

/// Nobody needs to sign: the clock decides.
#[derive(Accounts)]
pub struct PauseJob {
    #[account(mut)]
    pub job: Account<Job>,
}

pub fn handle(ctx: &mut Context<PauseJob>) -> Result<()> {
    let job = &mut ctx.accounts.job;
    require!(job.is_service(), MarketError::NotAService);
    job.require(JobEvent::Pause)?;
    let paused = service::pause_if_dry(job, Clock::get()?.unix_timestamp)?;
    require!(paused, MarketError::EscrowNotDry);
    Ok(())
}
