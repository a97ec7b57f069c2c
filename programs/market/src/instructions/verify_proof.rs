use anchor_lang::prelude::*;
use proofmill_protocol::{
    job::{JobEvent, Outcome},
    verdict::{Opinion, VerdictRecord},
};

use crate::{
    error::MarketError,
    settle,
    state::{Config, Job, Provider, Stake},
};

#[derive(Accounts)]
pub struct VerifyProof {
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(mut, constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    /// The arbiter's account: owner, discriminator, version, job, attempt, life and receipt are checked.
    pub verdict: UncheckedAccount,
}

/// Reads a verdict on `job` out of an account of the arbiter.
pub fn read_verdict(config: &Account<Config>, job: &Account<Job>, account: &UncheckedAccount) -> Result<VerdictRecord> {
    let view = account.account();
    require!(view.owned_by(&config.arbiter), MarketError::InvalidProof);
    let data = view.try_borrow()?;
    let record = VerdictRecord::decode(&data).map_err(|_| MarketError::InvalidProof)?;
    let fits = record.job == job.address().to_bytes()
        && record.attempt == job.attempt
        && record.nonce == job.nonce
        && record.receipt_hash == job.receipt_hash;
    require!(fits, MarketError::VerdictMismatch);
    Ok(record)
}

pub fn handle(ctx: &mut Context<VerifyProof>) -> Result<()> {
    let a = &mut ctx.accounts;
    let outcome_of = |opinion| match opinion {
        Opinion::Valid => Outcome::Accepted,
        Opinion::Invalid => Outcome::Rejected,
        Opinion::Unavailable => Outcome::Unavailable,
        Opinion::Inconclusive => Outcome::Inconclusive,
    };
    let verdict = read_verdict(&a.config, &a.job, &a.verdict)?;
    // The market's own cap: whatever an arbiter writes, at least this many validators must stand behind it.
    let decided = verdict.opinion != Opinion::Valid && verdict.opinion != Opinion::Invalid;
    require!(decided || verdict.agreeing >= a.config.threshold, MarketError::InvalidProof);
    let outcome = a.job.advance(JobEvent::Settle(outcome_of(verdict.opinion)))?;
    a.job.output_root = verdict.output_root;
    let now = Clock::get()?.unix_timestamp;
    settle::held(&mut a.job, &mut a.provider, &mut a.stake, outcome, now)
}
