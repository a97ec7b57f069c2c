use anchor_lang::prelude::*;
use anchor_spl::token::{self, Mint, TokenAccount};
use proofmill_protocol::job::JobState;

use crate::{
    error::MarketError,
    events::RewardClaimed,
    state::{Job, Provider, CLAIMED_REWARD},
    vault,
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
    pub token_program: Program<Token>,
}

pub fn handle(ctx: &mut Context<ClaimReward>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Settled, MarketError::JobNotSettled);
    require!(a.job.claimed & CLAIMED_REWARD == 0, MarketError::AlreadyClaimed);
    a.job.claimed |= CLAIMED_REWARD;
    let amount = a.job.paid;
    vault::pay_from_job(&a.job, &mut a.vault, &a.mint, &mut a.destination, &a.token_program, amount)?;
    emit!(RewardClaimed { job: *a.job.address(), amount });
    Ok(())
}
