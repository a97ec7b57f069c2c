use anchor_lang::prelude::*;

use crate::{
    error::MarketError,
    events::OfferWithdrawn,
    state::{Offer, Provider},
};

#[derive(Accounts)]
pub struct WithdrawOffer {
    #[account(constraint = *operator.address() == provider.operator || *operator.address() == provider.owner @ MarketError::NotOperator)]
    pub operator: Signer,
    pub provider: Account<Provider>,
    #[account(
        mut, close = rent_payer,
        constraint = offer.provider == *provider.address() @ MarketError::InvalidProvider
    )]
    pub offer: Account<Offer>,
    /// Usually the operator itself: it only receives lamports, so the two may be one.
    #[account(mut, unsafe(dup), address = offer.rent_payer @ MarketError::NotOwner)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<WithdrawOffer>) -> Result<()> {
    let a = &ctx.accounts;
    emit!(OfferWithdrawn { offer: *a.offer.address(), provider: *a.provider.address() });
    Ok(())
}
