use anchor_lang::prelude::*;
use proofmill_protocol::limits;

use crate::{
    error::ArbiterError,
    events::SetClosed,
    state::{ArbiterConfig, ValidatorSet},
};

#[derive(Accounts)]
pub struct CloseSet {
    pub config: Account<ArbiterConfig>,
    #[account(mut, close = rent_payer)]
    pub validator_set: Account<ValidatorSet>,
    #[account(mut, address = validator_set.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
}

/// Rounds and evidence look members up in their epoch's set, so that it outlives its epoch.
pub fn handle(ctx: &mut Context<CloseSet>) -> Result<()> {
    let a = &ctx.accounts;
    let epoch = a.validator_set.epoch;
    require!(epoch.saturating_add(limits::SETS_KEPT) < a.config.epoch, ArbiterError::SetNeeded);
    emit!(SetClosed { epoch });
    Ok(())
}
