use anchor_lang::prelude::*;

use crate::{
    error::{self, MarketError},
    events::StakeUnbonding,
    state::{Config, Stake},
};

#[derive(Accounts)]
pub struct UnbondStake {
    #[account(address = stake.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    pub config: Account<Config>,
    #[account(mut)]
    pub stake: Account<Stake>,
}

pub fn handle(ctx: &mut Context<UnbondStake>, amount: u64) -> Result<()> {
    let a = &mut ctx.accounts;
    let mut balances = a.stake.balances();
    balances.unbond(amount, Clock::get()?.unix_timestamp, a.config.unbonding_seconds).map_err(error::stake)?;
    a.stake.set_balances(balances);
    emit!(StakeUnbonding { stake: *a.stake.address(), amount, releasable_at: a.stake.releasable_at });
    Ok(())
}
