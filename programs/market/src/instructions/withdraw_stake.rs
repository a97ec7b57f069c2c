use anchor_lang::prelude::*;
use anchor_spl::token::{self, Mint, TokenAccount};

use crate::{
    error::{self, MarketError},
    events::StakeWithdrawn,
    state::Stake,
    vault,
};

#[derive(Accounts)]
pub struct WithdrawStake {
    #[account(address = stake.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut)]
    pub stake: Account<Stake>,
    #[account(mut, address = stake.vault @ MarketError::InvalidProvider)]
    pub vault: Account<TokenAccount>,
    #[account(address = stake.mint @ MarketError::StakeMintDiffers)]
    pub mint: Account<Mint>,
    /// Any account of the mint: its owner signed.
    #[account(mut, token::mint = mint)]
    pub destination: Account<TokenAccount>,
    pub token_program: Program<Token>,
}

pub fn handle(ctx: &mut Context<WithdrawStake>) -> Result<()> {
    let a = &mut ctx.accounts;
    let mut balances = a.stake.balances();
    let amount = balances.withdraw(Clock::get()?.unix_timestamp).map_err(error::stake)?;
    a.stake.set_balances(balances);
    vault::pay_from_stake(&a.stake, &mut a.vault, &a.mint, &mut a.destination, &a.token_program, amount)?;
    emit!(StakeWithdrawn { stake: *a.stake.address(), amount });
    Ok(())
}
