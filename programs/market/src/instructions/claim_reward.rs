use anchor_lang::prelude::*;
use proofmill_protocol::{amount, job::JobState};

use crate::{
    error::{self, MarketError},
    events::RewardClaimed,
    state::{Job, Provider, CLAIMED_REWARD},
    token::{self, Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

#[derive(Accounts)]
pub struct ClaimReward {
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.vault @ MarketError::JobNotFound)]
    pub vault: Account<TokenAccount>,
    #[account(address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(address = job.mint @ MarketError::MintNotAllowed)]
    pub mint: Account<Mint>,
    #[account(
        mut, token::mint = mint,
        constraint = *destination.owner() == provider.owner @ MarketError::NotOwner
    )]
    pub destination: Account<TokenAccount>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<ClaimReward>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Settled, MarketError::JobNotSettled);
    require!(a.job.claimed & CLAIMED_REWARD == 0, MarketError::AlreadyClaimed);
    a.job.claimed |= CLAIMED_REWARD;
    // Less what was drawn while a service ran.
    let amount = amount::less(a.job.paid, a.job.streamed).map_err(error::amount)?;
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_job(&a.job, &mut a.vault, coin, &mut a.destination, amount);
    emit!(RewardClaimed { job: *a.job.address(), amount });
    Ok(())
}
