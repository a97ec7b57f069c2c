use anchor_lang::prelude::*;
use proofmill_protocol::job::JobEvent;

use crate::{
    error::MarketError,
    settle,
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
    let outcome = a.job.advance(JobEvent::Decline)?;
    let now = Clock::get()?.unix_timestamp;
    settle::held(&mut a.job, &mut a.provider, &mut a.stake, outcome, now)
}
