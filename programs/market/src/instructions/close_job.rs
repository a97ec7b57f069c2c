use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, TokenAccount};
use proofmill_protocol::{
    job::{JobState, Outcome},
    limits, seeds,
    verdict::VerdictRecord,
};

use crate::{
    error::MarketError,
    events::JobClosed,
    state::{Config, Job, CLAIMED_FEE, CLAIMED_REFUND, CLAIMED_REWARD},
    vault,
};

/// Whatever strangers sent to the vault goes to the tenant, so that dust cannot keep a job from closing.
#[derive(Accounts)]
pub struct CloseJob {
    pub config: Account<Config>,
    #[account(mut, address = job.tenant @ MarketError::NotTenant)]
    pub tenant: UncheckedAccount,
    #[account(mut, close = tenant)]
    pub job: Account<Job>,
    #[account(mut, address = job.vault @ MarketError::JobNotFound)]
    pub vault: Account<TokenAccount>,
    #[account(address = job.mint @ MarketError::MintNotAllowed)]
    pub mint: Account<Mint>,
    /// The arbiter's verdict, if there was one: while it owes a re-executor, the job stays.
    #[account(
        seeds = [seeds::VERDICT, job.address().as_ref(), &job.attempt.to_le_bytes()], bump,
        seeds::program = config.arbiter
    )]
    pub verdict: UncheckedAccount,
    /// Needed only if the vault holds dust.
    #[account(mut)]
    pub dust_destination: Option<Account<TokenAccount>>,
    pub token_program: Program<Token>,
}

pub fn handle(ctx: &mut Context<CloseJob>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Settled, MarketError::JobNotSettled);
    // A part of zero is owed to nobody, whether claimed or not.
    let owed = |bit: u8, amount: u64| amount > 0 && a.job.claimed & bit == 0;
    let owes = owed(CLAIMED_REWARD, a.job.paid) || owed(CLAIMED_REFUND, a.job.refunded) || owed(CLAIMED_FEE, a.job.fee);
    require!(!owes, MarketError::VaultOwes);
    require_audits_paid(a)?;

    let dust = a.vault.amount();
    if dust > 0 {
        let to = a.dust_destination.as_mut().ok_or(MarketError::DustDestinationMissing)?;
        require!(*to.owner() == a.job.tenant, MarketError::NotTenant);
        vault::pay_from_job(&a.job, &mut a.vault, &a.mint, to, &a.token_program, dust)?;
    }
    vault::close_job_vault(&a.job, &mut a.vault, a.tenant.cpi_handle_mut(), &a.token_program)?;
    emit!(JobClosed { job: *a.job.address(), dust });
    Ok(())
}

/// A confirmed re-executor has a while to collect; after that nobody waits for it.
fn require_audits_paid(a: &CloseJob) -> Result<()> {
    let judged = matches!(Outcome::from_code(a.job.outcome), Some(Outcome::Accepted | Outcome::Rejected));
    let view = a.verdict.account();
    if !judged || !view.owned_by(&a.config.arbiter) {
        return Ok(());
    }
    let data = view.try_borrow()?;
    let verdict = VerdictRecord::decode(&data).map_err(|_| MarketError::InvalidProof)?;
    let unpaid = verdict.nonce == a.job.nonce && verdict.confirmed_executors & !a.job.audit_paid != 0;
    let now = Clock::get()?.unix_timestamp;
    let waited = now > a.job.settled_at.saturating_add(limits::AUDIT_CLAIM_SECONDS);
    require!(!unpaid || waited, MarketError::AuditClaimOpen);
    Ok(())
}
