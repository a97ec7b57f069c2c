use anchor_lang::prelude::*;
use anchor_spl::token::{self, Mint, TokenAccount};

use crate::{
    error::MarketError,
    events::SlashedSwept,
    state::{Config, Stake},
    vault,
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
    pub token_program: Program<Token>,
}

pub fn handle(ctx: &mut Context<SweepSlashed>) -> Result<()> {
    let a = &mut ctx.accounts;
    let amount = a.stake.slashed;
    require!(amount > 0, MarketError::NothingToSweep);
    a.stake.slashed = 0;
    vault::pay_from_stake(&a.stake, &mut a.vault, &a.mint, &mut a.treasury, &a.token_program, amount)?;
    emit!(SlashedSwept { stake: *a.stake.address(), amount });
    Ok(())
}
