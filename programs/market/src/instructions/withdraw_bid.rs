use anchor_lang::prelude::*;
use proofmill_protocol::job::JobState;

use crate::{
    error::MarketError,
    events::BidWithdrawn,
    state::{Bid, Job, Provider},
};

/// The job may be closed already: then its address is an empty system account.
#[derive(Accounts)]
pub struct WithdrawBid {
    #[account(address = provider.operator @ MarketError::NotOperator)]
    pub operator: Signer,
    pub provider: Account<Provider>,
    #[account(address = bid.job @ MarketError::JobNotFound)]
    pub job: UncheckedAccount,
    #[account(
        mut, close = rent_payer,
        constraint = bid.provider == *provider.address() @ MarketError::InvalidProvider
    )]
    pub bid: Account<Bid>,
    /// Usually the operator itself: it only receives lamports, so the two may be one.
    #[account(mut, unsafe(dup), address = bid.rent_payer @ MarketError::NotOwner)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<WithdrawBid>) -> Result<()> {
    let a = &ctx.accounts;
    let view = *a.job.account();
    if view.owned_by(&crate::ID) {
        let job = Account::<Job>::load(view)?;
        let binding = job.state()? == JobState::Open && job.best_bidder == *a.provider.address();
        require!(!binding, MarketError::BidBinding);
    }
    emit!(BidWithdrawn { job: *a.job.address(), provider: *a.provider.address() });
    Ok(())
}
