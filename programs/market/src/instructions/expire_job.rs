use anchor_lang::prelude::*;
use proofmill_protocol::{
    job::{JobEvent, JobState, Outcome},
    limits::BPS,
    seeds,
    verdict::VerdictRecord,
};

use super::verify_proof::settles;
use crate::{
    attempt,
    error::MarketError,
    service, settle,
    state::{Config, Job, Provider, Stake},
};

/// Provider and stake are needed only if somebody holds the job; the last three only if there is a receipt.
#[derive(Accounts)]
pub struct ExpireJob {
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut)]
    pub provider: Option<Account<Provider>>,
    #[account(mut)]
    pub stake: Option<Account<Stake>>,
    pub config: Option<Account<Config>>,
    /// Where the arbiter would keep this receipt's verdict.
    pub verdict: Option<UncheckedAccount>,
    /// Where the arbiter would keep this receipt's first round.
    pub round: Option<UncheckedAccount>,
}

pub fn handle(ctx: &mut Context<ExpireJob>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(now > a.job.expires_after()?, MarketError::NotExpired);
    require_places(a)?;
    let event = if a.job.state()? == JobState::Submitted {
        unjudged(a)?
    } else if a.job.is_service() {
        service::expiry(&mut a.job, now)?
    } else {
        JobEvent::Expire
    };
    if a.job.provider == Address::default() {
        let outcome = a.job.advance(event)?;
        return settle::unheld(&mut a.job, outcome, now);
    }
    let provider = a.provider.as_mut().ok_or(MarketError::InvalidProvider)?;
    let stake = a.stake.as_mut().ok_or(MarketError::InvalidProvider)?;
    require!(*provider.address() == a.job.provider, MarketError::InvalidProvider);
    require!(stake.owner == provider.owner, MarketError::InvalidProvider);
    attempt::end(&mut a.job, provider, stake, event, now)
}

/// Whoever names a verdict or a round names this receipt's, whether or not there is anything to judge.
#[inline(never)]
fn require_places(a: &ExpireJob) -> Result<()> {
    if a.verdict.is_none() && a.round.is_none() {
        return Ok(());
    }
    let config = a.config.as_ref().ok_or(MarketError::JudgementMissing)?;
    let (job, attempt) = (*a.job.address(), a.job.attempt.to_le_bytes());
    if let Some(verdict) = &a.verdict {
        let (at, _) = find_program_address(&[seeds::VERDICT, job.as_ref(), &attempt], &config.arbiter);
        require!(*verdict.address() == at, MarketError::JudgementMissing);
    }
    if let Some(round) = &a.round {
        let (at, _) = find_program_address(&[seeds::ROUND, job.as_ref(), &attempt, &[1]], &config.arbiter);
        require!(*round.address() == at, MarketError::JudgementMissing);
    }
    Ok(())
}

/// The written default of a receipt that nothing settled in time. A verdict that could settle it goes first, however long
/// a cap makes it wait; a receipt that was not drawn for an audit counts as unchallenged, as it would have at the end of
/// its challenge window, had anybody said so.
#[inline(never)]
fn unjudged(a: &ExpireJob) -> Result<JobEvent> {
    let config = a.config.as_ref().ok_or(MarketError::JudgementMissing)?;
    let verdict = a.verdict.as_ref().ok_or(MarketError::JudgementMissing)?;
    let round = a.round.as_ref().ok_or(MarketError::JudgementMissing)?;
    let job = *a.job.address();
    if verdict.account().owned_by(&config.arbiter) {
        let data = verdict.account().try_borrow()?;
        // A verdict on another life of the address, or one that the market does not take, settles nothing.
        let waits = VerdictRecord::decode(&data).is_ok_and(|record| {
            record.job == job.to_bytes()
                && record.attempt == a.job.attempt
                && record.nonce == a.job.nonce
                && record.receipt_hash == a.job.receipt_hash
                && settles(config, &record)
        });
        require!(!waits, MarketError::VerdictExists);
    }
    let judged = round.account().owned_by(&config.arbiter);
    if u64::from(a.job.audit_bps) < BPS && !judged {
        return Ok(JobEvent::Settle(Outcome::Unchallenged));
    }
    Ok(JobEvent::Expire)
}
