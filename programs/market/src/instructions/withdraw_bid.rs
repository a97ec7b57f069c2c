use anchor_lang::prelude::*;
use proofmill_protocol::job::JobState;

use crate::{
    error::MarketError,
    events::BidWithdrawn,
    state::{Bid, Job, Provider},
};

/// The deposit goes back; the account stays, because the bid after it names it. `close_bid` ends it.
#[derive(Accounts)]
pub struct WithdrawBid {
    #[account(address = provider.operator @ MarketError::NotOperator)]
    pub operator: Signer,
    pub provider: Account<Provider>,
    pub job: Account<Job>,
    #[account(
        mut,
        constraint = bid.job == *job.address() && bid.nonce == job.nonce @ MarketError::JobNotFound,
        constraint = bid.provider == *provider.address() @ MarketError::InvalidProvider
    )]
    pub bid: Account<Bid>,
    /// Usually the operator itself: it only receives lamports, so the two may be one.
    #[account(mut, unsafe(dup), address = bid.rent_payer @ MarketError::NotOwner)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<WithdrawBid>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.bid.withdrawn == 0 && a.bid.accepted_attempt == 0, MarketError::BidSpent);
    let binding = a.job.state()? == JobState::Open && a.job.best_bidder == *a.provider.address();
    require!(!binding, MarketError::BidBinding);
    let deposit = a.bid.deposit;
    a.bid.withdrawn = 1;
    a.bid.deposit = 0;
    a.bid.sub_lamports(deposit)?;
    a.rent_payer.add_lamports(deposit)?;
    emit!(BidWithdrawn { job: *a.job.address(), provider: *a.provider.address() });
    Ok(())
}
