use anchor_lang::prelude::*;
use proofmill_protocol::job::JobEvent;

use crate::{error::MarketError, settle, state::Job};

#[derive(Accounts)]
pub struct CancelJob {
    #[account(address = job.tenant @ MarketError::NotTenant)]
    pub tenant: Signer,
    #[account(mut)]
    pub job: Account<Job>,
}

pub fn handle(ctx: &mut Context<CancelJob>) -> Result<()> {
    let job = &mut ctx.accounts.job;
    let outcome = job.advance(JobEvent::Cancel)?;
    settle::unheld(job, outcome, Clock::get()?.unix_timestamp)
}
