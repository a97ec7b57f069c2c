use anchor_lang::prelude::*;
use proofmill_protocol::job::JobState;

use crate::{
    error::MarketError,
    events::BidClosed,
    state::{Bid, Job},
};

/// Anyone: whatever the account holds goes to who paid for it.
#[derive(Accounts)]
pub struct CloseBid {
    /// The job's address: settled, empty, or in another life.
    #[account(address = bid.job @ MarketError::JobNotFound)]
    pub job: UncheckedAccount,
    #[account(mut, close = rent_payer)]
    pub bid: Account<Bid>,
    #[account(mut, address = bid.rent_payer @ MarketError::NotOwner)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<CloseBid>) -> Result<()> {
    let a = &ctx.accounts;
    let view = *a.job.account();
    if view.owned_by(&crate::ID) {
        let job = Account::<Job>::load(view)?;
        let over = job.nonce != a.bid.nonce || job.state()? == JobState::Settled;
        require!(over, MarketError::JobNotSettled);
    }
    emit!(BidClosed { bid: *a.bid.address(), job: a.bid.job, provider: a.bid.provider, deposit: a.bid.deposit });
    Ok(())
}
