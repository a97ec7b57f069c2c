use anchor_lang::prelude::*;
use anchor_spl::token::{self, Mint, TokenAccount};
use proofmill_protocol::{amount, job::JobState};

use crate::{
    error::{self, MarketError},
    events::FeesSwept,
    state::{Config, Job, MintRule, CLAIMED_FEE},
    vault,
};

#[derive(Accounts)]
pub struct SweepFees {
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.vault @ MarketError::JobNotFound)]
    pub vault: Account<TokenAccount>,
    #[account(address = job.mint @ MarketError::MintNotAllowed)]
    pub mint: Account<Mint>,
    #[account(constraint = mint_rule.mint == job.mint @ MarketError::MintNotAllowed)]
    pub mint_rule: Account<MintRule>,
    #[account(mut, address = mint_rule.audit_budget @ MarketError::NotAuthority)]
    pub audit_budget: Account<TokenAccount>,
    #[account(
        mut, token::mint = mint,
        constraint = *treasury.owner() == config.treasury @ MarketError::NotAuthority
    )]
    pub treasury: Account<TokenAccount>,
    pub token_program: Program<Token>,
}

pub fn handle(ctx: &mut Context<SweepFees>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Settled, MarketError::JobNotSettled);
    require!(a.job.claimed & CLAIMED_FEE == 0, MarketError::NothingToSweep);
    a.job.claimed |= CLAIMED_FEE;
    let to_audits = amount::share(a.job.fee, a.config.audit_share_bps).map_err(error::amount)?;
    let to_treasury = amount::less(a.job.fee, to_audits).map_err(error::amount)?;
    vault::pay_from_job(&a.job, &mut a.vault, &a.mint, &mut a.audit_budget, &a.token_program, to_audits)?;
    vault::pay_from_job(&a.job, &mut a.vault, &a.mint, &mut a.treasury, &a.token_program, to_treasury)?;
    emit!(FeesSwept { job: *a.job.address(), treasury: to_treasury, audit_budget: to_audits });
    Ok(())
}
