use anchor_lang::prelude::*;
use proofmill_protocol::{amount, matching, seeds};

use crate::{
    error::{self, MarketError},
    events::BidPlaced,
    state::{Bid, Config, Job, MintRule, Provider, Stake, LAYOUT_VERSION},
};

#[derive(Accounts)]
pub struct PlaceBid {
    #[account(mut, address = provider.operator @ MarketError::NotOperator)]
    pub operator: Signer,
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(constraint = mint_rule.mint == job.mint @ MarketError::MintNotAllowed)]
    pub mint_rule: Account<MintRule>,
    pub provider: Account<Provider>,
    #[account(constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    #[account(
        init, payer = operator,
        seeds = [seeds::BID, job.address().as_ref(), provider.address().as_ref()], bump
    )]
    pub bid: Account<Bid>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<PlaceBid>, price_per_second: u64) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    a.config.require_open()?;
    require!(a.job.bids_until > 0, MarketError::NotAnAuction);
    require!(a.job.provider == Address::default(), MarketError::JobActive);
    require!(a.job.state()? == proofmill_protocol::job::JobState::Open, MarketError::JobActive);
    require!(now < a.job.bids_until, MarketError::AuctionClosed);
    require!(price_per_second > 0, MarketError::PriceZero);
    require!(price_per_second < a.job.best_bid_per_second, MarketError::BidNotLower);
    require!(a.provider.simulated == 0 || a.config.allow_simulated == 1, MarketError::SimulatedDevice);
    require!(a.stake.active_jobs < u32::from(a.provider.capacity), MarketError::CapacityExhausted);
    let gross = amount::escrow(price_per_second, a.job.max_seconds).map_err(error::amount)?;
    let lock = amount::scale(gross, a.mint_rule.lock_bps).map_err(error::amount)?;
    let have =
        a.provider.capability(price_per_second, a.stake.balances().free(), lock.max(a.config.provider_stake_min));
    matching::fits(&a.job.requirements(), &have).map_err(error::mismatch)?;

    a.job.best_bid_per_second = price_per_second;
    a.job.best_bidder = *a.provider.address();
    a.bid.version = LAYOUT_VERSION;
    a.bid.bump = ctx.bumps.bid;
    a.bid.price_per_second = price_per_second;
    a.bid.placed_at = now;
    a.bid.job = *a.job.address();
    a.bid.provider = *a.provider.address();
    a.bid.rent_payer = *a.operator.address();
    emit!(BidPlaced { job: *a.job.address(), provider: *a.provider.address(), price_per_second });
    Ok(())
}
