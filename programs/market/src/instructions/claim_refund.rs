use anchor_lang::prelude::*;
use anchor_spl::token::{self, Mint, TokenAccount};
use proofmill_protocol::job::JobState;

use crate::{
    error::MarketError,
    events::RefundClaimed,
    state::{Job, CLAIMED_REFUND},
    vault,
};

#[derive(Accounts)]
pub struct ClaimRefund {
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.vault @ MarketError::JobNotFound)]
    pub vault: Account<TokenAccount>,
    #[account(address = job.mint @ MarketError::MintNotAllowed)]
    pub mint: Account<Mint>,
    #[account(
        mut, token::mint = mint,
        constraint = *destination.owner() == job.tenant @ MarketError::NotTenant
    )]
    pub destination: Account<TokenAccount>,
    pub token_program: Program<Token>,
}

pub fn handle(ctx: &mut Context<ClaimRefund>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Settled, MarketError::JobNotSettled);
    require!(a.job.claimed & CLAIMED_REFUND == 0, MarketError::AlreadyClaimed);
    a.job.claimed |= CLAIMED_REFUND;
    let amount = a.job.refunded;
    vault::pay_from_job(&a.job, &mut a.vault, &a.mint, &mut a.destination, &a.token_program, amount)?;
    emit!(RefundClaimed { job: *a.job.address(), amount });
    Ok(())
}
