use anchor_lang::prelude::*;

use super::match_job::bind;
use crate::{
    error::MarketError,
    state::{Bid, Config, Job, MintRule, Provider, Stake, MATCHED_AUCTION},
};

/// Nobody needs to sign: the rule decides.
#[derive(Accounts)]
pub struct AcceptBid {
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(constraint = mint_rule.mint == job.mint @ MarketError::MintNotAllowed)]
    pub mint_rule: Account<MintRule>,
    #[account(
        mut,
        constraint = bid.job == *job.address() && bid.nonce == job.nonce @ MarketError::JobNotFound,
        constraint = bid.provider == job.best_bidder @ MarketError::BidNotLowest
    )]
    pub bid: Account<Bid>,
    #[account(address = bid.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(mut, constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
}

pub fn handle(ctx: &mut Context<AcceptBid>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(a.job.bids_until > 0, MarketError::NotAnAuction);
    require!(now >= a.job.bids_until, MarketError::AuctionRunning);
    require!(now <= a.job.expires_after()?, MarketError::AuctionClosed);
    require!(a.bid.withdrawn == 0, MarketError::BidSpent);
    let price = a.job.best_bid_per_second;
    bind(&a.config, &mut a.job, &a.mint_rule, &a.provider, &mut a.stake, price, MATCHED_AUCTION, now)?;
    a.job.pop_bid(&a.bid);
    a.bid.accepted_attempt = a.job.attempt;
    // The deposit waits with the job: it goes back at the start, and is the tenant's if there is none. So nobody has
    // to come and fetch it, and no order of instructions lets it escape.
    let deposit = a.bid.deposit;
    if deposit > 0 {
        a.bid.deposit = 0;
        a.job.bid_deposit = deposit;
        a.bid.sub_lamports(deposit)?;
        a.job.add_lamports(deposit)?;
    }
    Ok(())
}
