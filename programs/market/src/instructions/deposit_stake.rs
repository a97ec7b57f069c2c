use anchor_lang::prelude::*;
use anchor_spl::token::{self, Mint, TokenAccount, TransferChecked};

use crate::{
    error::{self, MarketError},
    events::StakeDeposited,
    state::Stake,
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
    pub token_program: Program<Token>,
}

pub fn handle(ctx: &mut Context<DepositStake>, amount: u64) -> Result<()> {
    let a = &mut ctx.accounts;
    let mut balances = a.stake.balances();
    balances.deposit(amount).map_err(error::stake)?;
    a.stake.set_balances(balances);
    let transfer = TransferChecked {
        from: a.source.cpi_handle_mut(),
        mint: a.mint.cpi_handle(),
        to: a.vault.cpi_handle_mut(),
        authority: a.depositor.cpi_handle(),
    };
    token::transfer_checked(CpiContext::new(a.token_program.address(), transfer), amount, a.mint.decimals())?;
    emit!(StakeDeposited { stake: *a.stake.address(), amount });
    Ok(())
}
