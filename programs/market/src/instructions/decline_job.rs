use anchor_lang::prelude::*;
use proofmill_protocol::job::{JobEvent, JobState};

use crate::{
    attempt,
    error::MarketError,
    state::{Job, Provider, Stake},
};

#[derive(Accounts)]
pub struct DeclineJob {
    #[account(address = provider.operator @ MarketError::NotOperator)]
    pub operator: Signer,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(mut, constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
}

pub fn handle(ctx: &mut Context<DeclineJob>) -> Result<()> {
    let a = &mut ctx.accounts;
    // What it has used is paid: it is ended by `stop_job`.
    require!(!a.job.is_service() || a.job.state()? != JobState::Running, MarketError::ServiceRunning);
    let now = Clock::get()?.unix_timestamp;
    // Giving back is free while it could still start; afterwards it has missed the start, whoever says so first.
    let missed = a.job.state()? == JobState::Matched && now > a.job.expires_after()?;
    let event = if missed { JobEvent::Expire } else { JobEvent::Decline };
    attempt::end(&mut a.job, &mut a.provider, &mut a.stake, event, now)
}
