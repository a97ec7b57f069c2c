use anchor_lang::prelude::*;
use market::state::{Config as MarketConfig, Provider, Stake};
use proofmill_protocol::limits;

use crate::{
    error::ArbiterError,
    events::ExecutorJoined,
    state::{ArbiterConfig, ExecutorList},
};

/// A place in the list costs the least stake of a provider for as long as it is held: see `leave_executors`.
#[derive(Accounts)]
pub struct JoinExecutors {
    #[account(constraint = *operator.address() == provider.operator || *operator.address() == provider.owner @ ArbiterError::NotOperator)]
    pub operator: Signer,
    pub config: Account<ArbiterConfig>,
    #[account(address = config.market_config @ ArbiterError::ForeignMarket)]
    pub market_config: Account<MarketConfig>,
    pub provider: Account<Provider>,
    #[account(constraint = stake.owner == provider.owner @ ArbiterError::StakeTooSmall)]
    pub stake: Account<Stake>,
    #[account(mut, constraint = executors.class_key == provider.class_key @ ArbiterError::ClassDiffers)]
    pub executors: Account<ExecutorList>,
}

pub fn handle(ctx: &mut Context<JoinExecutors>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.stake.bonded >= a.market_config.provider_stake_min, ArbiterError::StakeTooSmall);
    let provider = a.provider.address().to_bytes();
    require!(a.executors.position(&provider).is_none(), ArbiterError::AlreadyListed);
    let count = usize::from(a.executors.count);
    require!(count < limits::EXECUTORS_MAX, ArbiterError::ListFull);
    a.executors.providers[count] = provider;
    a.executors.owners[count] = a.provider.owner.to_bytes();
    a.executors.count = a.executors.count.saturating_add(1);
    emit!(ExecutorJoined { provider: *a.provider.address(), class_key: a.executors.class_key });
    Ok(())
}
