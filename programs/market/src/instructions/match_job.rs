use anchor_lang::prelude::*;
use proofmill_protocol::{amount, draw, job::JobEvent, matching, stake::lock_bps};

use crate::{
    error::{self, MarketError},
    events::{BondLocked, JobMatched},
    state::{Config, Job, MintRule, Offer, Provider, Stake, MATCHED_INSTANT},
};

#[derive(Accounts)]
pub struct MatchJob {
    #[account(address = job.tenant @ MarketError::NotTenant)]
    pub tenant: Signer,
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(constraint = mint_rule.mint == job.mint @ MarketError::MintNotAllowed)]
    pub mint_rule: Account<MintRule>,
    #[account(
        constraint = offer.provider == *provider.address() @ MarketError::InvalidProvider,
        constraint = offer.mint == job.mint @ MarketError::OfferMintDiffers
    )]
    pub offer: Account<Offer>,
    pub provider: Account<Provider>,
    #[account(mut, constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
}

pub fn handle(ctx: &mut Context<MatchJob>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(now < a.offer.expires_at, MarketError::OfferExpired);
    require!(a.job.max_seconds <= a.offer.seconds_max, MarketError::OfferTooShort);
    require!(a.job.bids_until == 0, MarketError::AuctionRunning);
    if a.job.is_service() {
        // A standing offer binds its provider without its say: what it did not offer is not taken.
        require!(a.offer.services == 1, MarketError::OfferNotForServices);
        require!(a.job.sla_bond <= a.offer.sla_bond_max, MarketError::OfferBondTooSmall);
        require!(a.job.sla_uptime_bps <= a.offer.sla_uptime_max_bps, MarketError::OfferUptimeTooLow);
    }
    let price = a.offer.price_per_second;
    bind(&a.config, &mut a.job, &a.mint_rule, &a.provider, &mut a.stake, price, MATCHED_INSTANT, now)
}

/// Every requirement of a match at `price`; the stake it would lock for the work and in all.
#[allow(clippy::too_many_arguments)] // the accounts a match is about; a struct of the same would say nothing more
#[inline(always)]
pub fn qualify(
    config: &Account<Config>,
    job: &Account<Job>,
    rule: &Account<MintRule>,
    provider: &Account<Provider>,
    stake: &Account<Stake>,
    price: u64,
    now: i64,
) -> Result<(u64, u64)> {
    require!(provider.simulated == 0 || config.allow_simulated == 1, MarketError::SimulatedDevice);
    require!(stake.active_jobs < u32::from(provider.capacity), MarketError::CapacityExhausted);
    let gross = amount::escrow(price, job.max_seconds).map_err(error::amount)?;
    // The rarer the audit, the more is at stake. Usage is signed by the tenant or witnessed, not audited.
    let per_atom = if job.is_service() { rule.lock_bps } else { lock_bps(rule.lock_bps, audit_bps(config, provider)) };
    let lock = amount::scale(gross, per_atom).map_err(error::amount)?;
    // A batch job has no bond.
    let pledged = amount::plus(lock, job.sla_bond).map_err(error::amount)?;
    let have = provider.capability(price, stake.balances().free(), pledged.max(config.provider_stake_min), now);
    matching::fits(&job.requirements(), &have).map_err(error::mismatch)?;
    Ok((lock, pledged))
}

/// Share of this provider's receipts that are audited today, basis points.
#[inline(always)]
fn audit_bps(config: &Account<Config>, provider: &Account<Provider>) -> u16 {
    draw::audit_bps(provider.consecutive_accepted, config.proven_after, config.audit_floor_bps)
}

/// Binds job and provider: every requirement checked, the lock taken.
#[allow(clippy::too_many_arguments)] // one caller each way; a struct of the same eight would say nothing more
#[inline(always)]
pub fn bind(
    config: &Account<Config>,
    job: &mut Account<Job>,
    rule: &Account<MintRule>,
    provider: &Account<Provider>,
    stake: &mut Account<Stake>,
    price: u64,
    matched_by: u8,
    now: i64,
) -> Result<()> {
    config.require_open()?;
    let (lock, pledged) = qualify(config, job, rule, provider, stake, price, now)?;
    let mut balances = stake.balances();
    balances.lock(pledged).map_err(error::stake)?;
    stake.set_balances(balances);
    stake.active_jobs = stake.active_jobs.saturating_add(1);

    job.advance(JobEvent::Match)?;
    job.matched_by = matched_by;
    job.price_per_second = price;
    job.lock = lock;
    job.matched_at = now;
    job.provider = *provider.address();
    job.node_key = provider.node_key;
    job.class_key = provider.class_key;
    job.audit_bps = audit_bps(config, provider);
    emit!(JobMatched { job: *job.address(), provider: job.provider, price_per_second: price, lock, matched_by });
    if job.sla_bond > 0 {
        emit!(BondLocked { job: *job.address(), stake: *stake.address(), amount: job.sla_bond });
    }
    Ok(())
}
