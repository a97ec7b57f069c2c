use anchor_lang::prelude::*;
use proofmill_protocol::{amount, limits};

use super::claim_epoch_reward::read_rewards_root;
use crate::{
    error::{self, MarketError},
    events::RewardsRolledOver,
    state::{Config, RewardPool},
    token::{Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

/// Moves what nobody claimed into a later pool, once a root shows that enough epochs have passed. Anyone.
#[derive(Accounts)]
pub struct RollRewards {
    pub config: Account<Config>,
    #[account(mut)]
    pub from: Account<RewardPool>,
    #[account(mut)]
    pub to: Account<RewardPool>,
    /// A rewards root of the arbiter: its epoch says how late it is.
    pub witness_root: UncheckedAccount,
    #[account(mut, address = from.vault @ MarketError::NotNativeMint)]
    pub from_vault: Account<TokenAccount>,
    #[account(mut, address = to.vault @ MarketError::NotNativeMint)]
    pub to_vault: Account<TokenAccount>,
    #[account(
        address = from.mint @ MarketError::NotNativeMint,
        constraint = *mint.address() == to.mint @ MarketError::NotNativeMint
    )]
    pub mint: Account<Mint>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<RollRewards>) -> Result<()> {
    let a = &mut ctx.accounts;
    let record = read_rewards_root(&a.config, &a.witness_root)?;
    let late = record.epoch >= a.from.epoch.saturating_add(limits::REWARD_CLAIM_EPOCHS);
    // Not into an epoch that may never come, nor into one whose claims have begun.
    let next = a.to.epoch > a.from.epoch && a.to.epoch <= record.epoch.saturating_add(1) && a.to.started == 0;
    require!(late && next, MarketError::RollOverTooEarly);
    let amount = amount::less(a.from.funded, a.from.paid).map_err(error::amount)?;
    require!(amount > 0, MarketError::NothingToSweep);
    // Whoever comes after this finds an empty pool.
    a.from.started = 1;
    a.from.paid = a.from.funded;
    a.to.funded = amount::plus(a.to.funded, amount).map_err(error::amount)?;
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_pool(&a.from, &mut a.from_vault, coin, &mut a.to_vault, amount);
    emit!(RewardsRolledOver { from: *a.from.address(), to: *a.to.address(), amount });
    Ok(())
}
