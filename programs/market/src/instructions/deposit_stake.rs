use anchor_lang::prelude::*;

use crate::{
    error::{self, MarketError},
    events::StakeDeposited,
    state::Stake,
    token::{self, Mint, TokenAccount, TokenInterface},
};

/// Anyone may add to a stake; only its owner can take out.
#[derive(Accounts)]
pub struct DepositStake {
    pub depositor: Signer,
    #[account(mut)]
    pub stake: Account<Stake>,
    #[account(mut, address = stake.vault @ MarketError::InvalidProvider)]
    pub vault: Account<TokenAccount>,
    #[account(address = stake.mint @ MarketError::StakeMintDiffers)]
    pub mint: Account<Mint>,
    #[account(mut, token::mint = mint, token::authority = depositor)]
    pub source: Account<TokenAccount>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<DepositStake>, amount: u64) -> Result<()> {
    let a = &mut ctx.accounts;
    token::require_allowed(a.mint.view())?;
    let mut balances = a.stake.balances();
    balances.deposit(amount).map_err(error::stake)?;
    a.stake.set_balances(balances);
    let (from, to) = (a.source.cpi_handle_mut(), a.vault.cpi_handle_mut());
    token::transfer_checked(a.token_program.address(), from, &a.mint, to, a.depositor.cpi_handle(), amount, &[]);
    emit!(StakeDeposited { stake: *a.stake.address(), amount });
    Ok(())
}
