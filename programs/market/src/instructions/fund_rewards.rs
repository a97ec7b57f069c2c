use anchor_lang::prelude::*;
use proofmill_protocol::amount;

use crate::{
    error::{self, MarketError},
    events::RewardsFunded,
    state::RewardPool,
    token::{self, Mint, TokenAccount, TokenInterface},
};

/// Anyone may give; nobody takes out but the providers of the epoch.
#[derive(Accounts)]
pub struct FundRewards {
    pub funder: Signer,
    #[account(mut)]
    pub pool: Account<RewardPool>,
    #[account(mut, address = pool.vault @ MarketError::NotNativeMint)]
    pub vault: Account<TokenAccount>,
    #[account(address = pool.mint @ MarketError::NotNativeMint)]
    pub mint: Account<Mint>,
    #[account(mut, token::mint = mint, token::authority = funder)]
    pub source: Account<TokenAccount>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<FundRewards>, amount: u64) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.pool.started == 0, MarketError::PoolStarted);
    a.pool.funded = amount::plus(a.pool.funded, amount).map_err(error::amount)?;
    let program = a.token_program.address();
    let (from, to) = (a.source.cpi_handle_mut(), a.vault.cpi_handle_mut());
    token::transfer_checked(program, from, &a.mint, to, a.funder.cpi_handle(), amount, &[]);
    emit!(RewardsFunded { pool: *a.pool.address(), amount });
    Ok(())
}
