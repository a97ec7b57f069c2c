use anchor_lang::prelude::*;
use proofmill_protocol::{
    job::{JobEvent, Outcome},
    limits::BPS,
    seeds,
};

use crate::{
    error::MarketError,
    settle,
    state::{Config, Job, Provider, Stake},
};

#[derive(Accounts)]
pub struct SettleUnchallenged {
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(mut, constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    /// Where the arbiter would keep this receipt's first round: must not exist.
    #[account(
        seeds = [seeds::ROUND, job.address().as_ref(), &job.attempt.to_le_bytes(), &[1u8]], bump,
        seeds::program = config.arbiter
    )]
    pub round: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<SettleUnchallenged>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    let outcome = a.job.advance(JobEvent::Settle(Outcome::Unchallenged))?;
    require!(u64::from(a.job.audit_bps) < BPS, MarketError::AuditRequired);
    let open_until = a.job.receipt_at.saturating_add(i64::from(a.job.challenge_window_seconds));
    require!(now >= open_until, MarketError::ChallengeOpen);
    require!(!a.round.account().owned_by(&a.config.arbiter), MarketError::RoundOpened);
    settle::held(&mut a.job, &mut a.provider, &mut a.stake, outcome, now)
}
