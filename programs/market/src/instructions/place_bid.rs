use anchor_lang::{
    prelude::*,
    system_program::{self, Transfer},
};
use proofmill_protocol::{bidding, seeds};

use super::match_job::qualify;
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
    bidding::admits(a.job.best_bid_per_second, a.job.bids, price_per_second).map_err(error::bid)?;
    qualify(&a.config, &a.job, &a.mint_rule, &a.provider, &a.stake, price_per_second, now)?;

    a.bid.previous_bidder = a.job.best_bidder;
    a.bid.previous_per_second = a.job.best_bid_per_second;
    a.job.bids = a.job.bids.saturating_add(1);
    a.job.best_bid_per_second = price_per_second;
    a.job.best_bidder = *a.provider.address();
    a.bid.version = LAYOUT_VERSION;
    a.bid.bump = ctx.bumps.bid;
    a.bid.price_per_second = price_per_second;
    a.bid.placed_at = now;
    a.bid.job = *a.job.address();
    a.bid.provider = *a.provider.address();
    a.bid.rent_payer = *a.operator.address();
    a.bid.nonce = a.job.nonce;
    let deposit = a.config.bid_deposit;
    a.bid.deposit = deposit;
    if deposit > 0 {
        let transfer = Transfer { from: a.operator.cpi_handle_mut(), to: a.bid.cpi_handle_mut() };
        system_program::transfer(CpiContext::new(a.system_program.address(), transfer), deposit)?;
    }
    emit!(BidPlaced { job: *a.job.address(), provider: *a.provider.address(), price_per_second, deposit });
    Ok(())
}
