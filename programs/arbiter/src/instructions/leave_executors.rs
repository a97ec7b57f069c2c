use anchor_lang::prelude::*;
use market::state::{Config as MarketConfig, Provider, Stake};
use proofmill_protocol::limits;

use crate::{
    error::ArbiterError,
    events::ExecutorLeft,
    state::{ArbiterConfig, ExecutorList},
};

/// A provider leaves at its own will. One whose stake has left is taken off by anyone: the same tokens do not fill the
/// list place by place.
#[derive(Accounts)]
pub struct LeaveExecutors {
    pub operator: Signer,
    pub config: Account<ArbiterConfig>,
    #[account(address = config.market_config @ ArbiterError::ForeignMarket)]
    pub market_config: Account<MarketConfig>,
    pub provider: Account<Provider>,
    #[account(constraint = stake.owner == provider.owner @ ArbiterError::StakeTooSmall)]
    pub stake: Account<Stake>,
    #[account(mut)]
    pub executors: Account<ExecutorList>,
}

pub fn handle(ctx: &mut Context<LeaveExecutors>) -> Result<()> {
    let a = &mut ctx.accounts;
    let signer = *a.operator.address();
    let itself = signer == a.provider.operator || signer == a.provider.owner;
    require!(itself || a.stake.bonded < a.market_config.provider_stake_min, ArbiterError::NotOperator);
    let at = a.executors.position(&a.provider.address().to_bytes()).ok_or(ArbiterError::NotListed)?;
    let last = usize::from(a.executors.count).saturating_sub(1);
    require!(last < limits::EXECUTORS_MAX, ArbiterError::ListFull);
    a.executors.providers[at] = a.executors.providers[last];
    a.executors.owners[at] = a.executors.owners[last];
    a.executors.providers[last] = [0; 32];
    a.executors.owners[last] = [0; 32];
    a.executors.count = a.executors.count.saturating_sub(1);
    emit!(ExecutorLeft { provider: *a.provider.address(), class_key: a.executors.class_key });
    Ok(())
}
