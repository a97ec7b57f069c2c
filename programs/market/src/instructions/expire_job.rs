use anchor_lang::prelude::*;
use proofmill_protocol::job::JobEvent;

use crate::{
    error::MarketError,
    settle,
    state::{Job, Provider, Stake},
};

/// Provider and stake are needed only if somebody holds the job.
#[derive(Accounts)]
pub struct ExpireJob {
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut)]
    pub provider: Option<Account<Provider>>,
    #[account(mut)]
    pub stake: Option<Account<Stake>>,
}

pub fn handle(ctx: &mut Context<ExpireJob>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(now > a.job.expires_after()?, MarketError::NotExpired);
    let outcome = a.job.advance(JobEvent::Expire)?;
    if a.job.provider == Address::default() {
        return settle::unheld(&mut a.job, outcome, now);
    }
    let provider = a.provider.as_mut().ok_or(MarketError::InvalidProvider)?;
    let stake = a.stake.as_mut().ok_or(MarketError::InvalidProvider)?;
    require!(*provider.address() == a.job.provider, MarketError::InvalidProvider);
    require!(stake.owner == provider.owner, MarketError::InvalidProvider);
    settle::held(&mut a.job, provider, stake, outcome, now)
}
