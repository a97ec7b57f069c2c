use anchor_lang::prelude::*;
use proofmill_protocol::job::{JobEvent, JobState, Outcome};

use crate::{
    attempt,
    error::MarketError,
    events::ServiceStopped,
    service, settle,
    state::{Job, Provider, Stake},
};

/// Tenant or provider. The accounts of the provider are written only if nothing was started.
#[derive(Accounts)]
pub struct StopJob {
    #[account(
        constraint = *party.address() == job.tenant || *party.address() == provider.operator @ MarketError::NotParty
    )]
    pub party: Signer,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(mut, constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    /// Gets the deposit of its bid back, if the tenant ends what it had no time to start.
    #[account(mut, unsafe(dup), address = provider.operator @ MarketError::NotOperator)]
    pub operator: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<StopJob>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.is_service(), MarketError::NotAService);
    let now = Clock::get()?.unix_timestamp;
    let by_tenant = *a.party.address() == a.job.tenant;
    if a.job.state()? == JobState::Matched {
        // A provider that has not started gives the job back instead.
        require!(by_tenant, MarketError::ServiceNotRunning);
        attempt::return_deposit(&mut a.job, a.operator.account())?;
        let outcome = a.job.advance(JobEvent::Stop(Outcome::Stopped))?;
        return settle::held(&mut a.job, &mut a.provider, &mut a.stake, outcome, now);
    }
    a.job.require(JobEvent::Stop(Outcome::Stopped))?;
    let mut outcome = if by_tenant { Outcome::Stopped } else { Outcome::Withdrawn };
    let mut ended_at = now;
    if a.job.state()? == JobState::Paused {
        outcome = Outcome::Ended;
    } else if a.job.meter().is_dead(now) {
        // It ended when its silence was long enough, as if somebody had said so then.
        ended_at = a.job.meter().silent_after();
    } else if service::pause_if_dry(&mut a.job, now)? {
        outcome = Outcome::Ended;
    }
    a.job.advance(JobEvent::Stop(outcome))?;
    a.job.receipt_at = ended_at;
    emit!(ServiceStopped { job: *a.job.address(), outcome: outcome as u8, stopped_at: ended_at });
    Ok(())
}
