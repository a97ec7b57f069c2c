use anchor_lang::prelude::*;

use crate::{
    error::{self, MarketError},
    events::BountyClaimed,
    state::{SlashCase, Stake},
    token::{self, Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

/// Anyone may push it; it goes to the reporter.
#[derive(Accounts)]
pub struct ClaimBounty {
    #[account(mut, address = slash_case.stake @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    #[account(mut)]
    pub slash_case: Account<SlashCase>,
    #[account(mut, address = stake.vault @ MarketError::InvalidProvider)]
    pub vault: Account<TokenAccount>,
    #[account(address = stake.mint @ MarketError::StakeMintDiffers)]
    pub mint: Account<Mint>,
    #[account(
        mut, token::mint = mint,
        constraint = *destination.owner() == slash_case.reporter @ MarketError::NotOwner
    )]
    pub destination: Account<TokenAccount>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<ClaimBounty>) -> Result<()> {
    let a = &mut ctx.accounts;
    let amount = core::mem::take(&mut a.slash_case.bounty);
    require!(amount > 0, MarketError::BountyNotDue);
    let mut balances = a.stake.balances();
    balances.pay_pending(amount).map_err(error::stake)?;
    a.stake.set_balances(balances);
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_stake(&a.stake, &mut a.vault, coin, &mut a.destination, amount);
    emit!(BountyClaimed { slash_case: *a.slash_case.address(), stake: *a.stake.address(), amount });
    Ok(())
}
