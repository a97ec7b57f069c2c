use anchor_lang::prelude::*;
use proofmill_protocol::job::JobState;

use crate::{
    error::MarketError,
    events::SlaClaimed,
    state::{Job, Provider, Stake, CLAIMED_SLA},
    token::{self, Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

/// The settlement has taken what is due out of the stake's balances; its tokens still lie in the stake's vault.
#[derive(Accounts)]
pub struct ClaimSla {
    #[account(mut)]
    pub job: Account<Job>,
    #[account(address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    #[account(mut, address = stake.vault @ MarketError::InvalidProvider)]
    pub vault: Account<TokenAccount>,
    #[account(address = stake.mint @ MarketError::StakeMintDiffers)]
    pub mint: Account<Mint>,
    #[account(
        mut, token::mint = mint,
        constraint = *destination.owner() == job.tenant @ MarketError::NotTenant
    )]
    pub destination: Account<TokenAccount>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<ClaimSla>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Settled, MarketError::JobNotSettled);
    let amount = a.job.sla_due;
    require!(amount > 0, MarketError::SlaNotDue);
    require!(a.job.claimed & CLAIMED_SLA == 0, MarketError::AlreadyClaimed);
    a.job.claimed |= CLAIMED_SLA;
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_stake(&a.stake, &mut a.vault, coin, &mut a.destination, amount);
    emit!(SlaClaimed { job: *a.job.address(), amount });
    Ok(())
}
