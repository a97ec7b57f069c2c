use anchor_lang::prelude::*;

use crate::{
    error::MarketError,
    events::SlashedSwept,
    state::{Config, Stake},
    token::{self, Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

#[derive(Accounts)]
pub struct SweepSlashed {
    pub config: Account<Config>,
    #[account(mut)]
    pub stake: Account<Stake>,
    #[account(mut, address = stake.vault @ MarketError::InvalidProvider)]
    pub vault: Account<TokenAccount>,
    #[account(address = stake.mint @ MarketError::StakeMintDiffers)]
    pub mint: Account<Mint>,
    #[account(
        mut, token::mint = mint,
        constraint = *treasury.owner() == config.treasury @ MarketError::NotAuthority
    )]
    pub treasury: Account<TokenAccount>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<SweepSlashed>) -> Result<()> {
    let a = &mut ctx.accounts;
    let amount = a.stake.slashed;
    require!(amount > 0, MarketError::NothingToSweep);
    a.stake.slashed = 0;
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_stake(&a.stake, &mut a.vault, coin, &mut a.treasury, amount);
    emit!(SlashedSwept { stake: *a.stake.address(), amount });
    Ok(())
}
