use anchor_lang::prelude::*;
use proofmill_protocol::{
    job::JobState,
    settlement::{self, FeeParts, FeeShares},
};

use crate::{
    error::{self, MarketError},
    events::FeesSwept,
    state::{Config, Job, MintRule, CLAIMED_FEE},
    token::{self, Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

#[derive(Accounts)]
pub struct SweepFees {
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.vault @ MarketError::JobNotFound)]
    pub vault: Account<TokenAccount>,
    /// Written, because a share of a fee in the native token is burnt.
    #[account(mut, address = job.mint @ MarketError::MintNotAllowed)]
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
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<SweepFees>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Settled, MarketError::JobNotSettled);
    require!(a.job.claimed & CLAIMED_FEE == 0, MarketError::NothingToSweep);
    a.job.claimed |= CLAIMED_FEE;
    let shares = FeeShares {
        burn_bps: if a.job.mint == a.config.native_mint { a.config.burn_share_bps } else { 0 },
        audit_bps: a.config.audit_share_bps,
    };
    let FeeParts { burnt, audits, treasury } = settlement::split_fee(a.job.fee, shares).map_err(error::amount)?;
    vault::burn_from_job(&a.job, &mut a.vault, &mut a.mint, a.token_program.address(), burnt);
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_job(&a.job, &mut a.vault, coin, &mut a.audit_budget, audits);
    vault::pay_from_job(&a.job, &mut a.vault, coin, &mut a.treasury, treasury);
    emit!(FeesSwept { job: *a.job.address(), treasury, audit_budget: audits, burnt });
    Ok(())
}
