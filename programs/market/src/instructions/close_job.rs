use anchor_lang::prelude::*;
use proofmill_protocol::{
    job::{JobState, Outcome},
    limits, seeds,
    verdict::VerdictRecord,
};

use super::claim_refund::require_tenants;
use crate::{
    error::{self, MarketError},
    events::{JobClosed, TaskReturned},
    state::{Config, Job, JobArray, CLAIMED_FEE, CLAIMED_REFUND, CLAIMED_REWARD, CLAIMED_SLA},
    token::{Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

/// Whatever strangers sent to the vault goes to the tenant (of a task, to its array), so that dust cannot keep a job
/// from closing. The rent goes to who paid it.
#[derive(Accounts)]
pub struct CloseJob {
    pub config: Account<Config>,
    #[account(mut, address = job.rent_payer @ MarketError::NotOwner)]
    pub rent_payer: UncheckedAccount,
    #[account(mut, close = rent_payer)]
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
    /// Needed only if the job is a task: it learns what became of it.
    #[account(mut)]
    pub array: Option<Account<JobArray>>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<CloseJob>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Settled, MarketError::JobNotSettled);
    // A part of zero is owed to nobody, whether claimed or not.
    let owed = |bit: u8, amount: u64| amount > 0 && a.job.claimed & bit == 0;
    let owes = owed(CLAIMED_REWARD, a.job.paid) || owed(CLAIMED_REFUND, a.job.refunded) || owed(CLAIMED_FEE, a.job.fee);
    require!(!owes, MarketError::VaultOwes);
    require!(!owed(CLAIMED_SLA, a.job.sla_due), MarketError::SlaUnpaid);
    require_audits_paid(a)?;

    let dust = a.vault.amount();
    if dust > 0 {
        let to = a.dust_destination.as_mut().ok_or(MarketError::DustDestinationMissing)?;
        require_tenants(&a.job, a.array.as_ref(), to)?;
        let coin = Coin { mint: &a.mint, program: &a.token_program };
        vault::pay_from_job(&a.job, &mut a.vault, coin, to, dust);
    }
    vault::close_job_vault(&a.job, &mut a.vault, a.rent_payer.cpi_handle_mut(), a.token_program.address());
    if a.job.is_task() {
        give_back(a)?;
    }
    emit!(JobClosed { job: *a.job.address(), dust });
    Ok(())
}

/// A confirmed re-executor has a while to collect; after that nobody waits for it.
fn require_audits_paid(a: &CloseJob) -> Result<()> {
    let judged = matches!(Outcome::from_code(a.job.outcome), Some(Outcome::Accepted | Outcome::Rejected));
    let view = a.verdict.account();
    let now = Clock::get()?.unix_timestamp;
    let waited = now > a.job.settled_at.saturating_add(limits::AUDIT_CLAIM_SECONDS);
    // First the time, then the bytes: an arbiter that writes no readable verdict must not keep a job from closing.
    if !judged || waited || !view.owned_by(&a.config.arbiter) {
        return Ok(());
    }
    let data = view.try_borrow()?;
    let verdict = VerdictRecord::decode(&data).map_err(|_| MarketError::InvalidProof)?;
    let unpaid = verdict.nonce == a.job.nonce && verdict.confirmed_executors & !a.job.audit_paid != 0;
    require!(!unpaid, MarketError::AuditClaimOpen);
    Ok(())
}

/// The task is done if it was paid for; else it may be taken again, while attempts are left.
fn give_back(a: &mut CloseJob) -> Result<()> {
    let array = a.array.as_mut().ok_or(MarketError::ArrayMissing)?;
    require!(*array.address() == a.job.array, MarketError::ArrayMissing);
    let task = u16::try_from(a.job.task_index).map_err(|_| MarketError::NoSuchTask)?;
    let paid = Outcome::from_code(a.job.outcome).is_some_and(Outcome::pays_provider);
    array.board().give_back(task, paid).map_err(error::task)?;
    emit!(TaskReturned { array: a.job.array, task, attempt: a.job.attempt, paid: u8::from(paid) });
    Ok(())
}
