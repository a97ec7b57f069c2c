use anchor_lang::prelude::*;
use proofmill_protocol::job::JobState;

use super::match_job::qualify;
use crate::{
    error::MarketError,
    events::BidSkipped,
    state::{Bid, Config, Job, MintRule, Provider, Stake},
};

/// Nobody needs to sign: the rule decides. A bid that was passed over may still take its deposit back.
#[derive(Accounts)]
pub struct SkipBid {
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(constraint = mint_rule.mint == job.mint @ MarketError::MintNotAllowed)]
    pub mint_rule: Account<MintRule>,
    #[account(
        constraint = bid.job == *job.address() && bid.nonce == job.nonce @ MarketError::JobNotFound,
        constraint = bid.provider == job.best_bidder @ MarketError::BidNotLowest
    )]
    pub bid: Account<Bid>,
    #[account(address = bid.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
}

pub fn handle(ctx: &mut Context<SkipBid>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(a.job.state()? == JobState::Open, MarketError::JobActive);
    // While the auction runs nobody is chosen yet, and who does not fit now may fit then.
    require!(now >= a.job.bids_until, MarketError::AuctionRunning);
    let price = a.bid.price_per_second;
    let fits = qualify(&a.config, &a.job, &a.mint_rule, &a.provider, &a.stake, price, now).is_ok();
    require!(a.bid.withdrawn == 1 || !fits, MarketError::BidStillFits);
    a.job.pop_bid(&a.bid);
    emit!(BidSkipped { job: *a.job.address(), provider: *a.provider.address() });
    Ok(())
}
