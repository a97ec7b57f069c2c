use anchor_lang::prelude::*;

use crate::{
    error::{self, MarketError},
    events::StakeWithdrawn,
    state::Stake,
    token::{self, Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
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
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<WithdrawStake>) -> Result<()> {
    let a = &mut ctx.accounts;
    let mut balances = a.stake.balances();
    let amount = balances.withdraw(Clock::get()?.unix_timestamp).map_err(error::stake)?;
    a.stake.set_balances(balances);
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_stake(&a.stake, &mut a.vault, coin, &mut a.destination, amount);
    emit!(StakeWithdrawn { stake: *a.stake.address(), amount });
    Ok(())
}
