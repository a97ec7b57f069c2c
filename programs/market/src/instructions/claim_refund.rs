use anchor_lang::prelude::*;
use proofmill_protocol::job::JobState;

use crate::{
    error::MarketError,
    events::RefundClaimed,
    state::{Job, JobArray, CLAIMED_REFUND},
    token::{self, Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

#[derive(Accounts)]
pub struct ClaimRefund {
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.vault @ MarketError::JobNotFound)]
    pub vault: Account<TokenAccount>,
    #[account(address = job.mint @ MarketError::MintNotAllowed)]
    pub mint: Account<Mint>,
    /// The tenant's; of a task, the vault of its array.
    #[account(mut, token::mint = mint)]
    pub destination: Account<TokenAccount>,
    /// Needed only if the job is a task.
    pub array: Option<Account<JobArray>>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<ClaimRefund>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Settled, MarketError::JobNotSettled);
    require!(a.job.claimed & CLAIMED_REFUND == 0, MarketError::AlreadyClaimed);
    require_tenants(&a.job, a.array.as_ref(), &a.destination)?;
    a.job.claimed |= CLAIMED_REFUND;
    let amount = a.job.refunded;
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_job(&a.job, &mut a.vault, coin, &mut a.destination, amount);
    emit!(RefundClaimed { job: *a.job.address(), amount });
    Ok(())
}

/// Whether `destination` is where the tenant's part of this job goes: a token account of the tenant, or, of a task, the
/// vault of its array and no other account, whoever owns it.
pub fn require_tenants(
    job: &Account<Job>,
    array: Option<&Account<JobArray>>,
    destination: &Account<TokenAccount>,
) -> Result<()> {
    if !job.is_task() {
        require!(*destination.owner() == job.tenant, MarketError::NotTenant);
        return Ok(());
    }
    let array = array.ok_or(MarketError::ArrayMissing)?;
    require!(*array.address() == job.array, MarketError::ArrayMissing);
    require!(*destination.address() == array.vault, MarketError::NotTenant);
    Ok(())
}
