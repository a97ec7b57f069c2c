use anchor_lang::prelude::*;

use super::close_round::require_over;
use crate::{error::ArbiterError, events::UsageWitnessClosed, state::UsageWitness};

#[derive(Accounts)]
pub struct CloseUsage {
    /// The service's address: empty, or in another life.
    #[account(address = usage_witness.job @ ArbiterError::RoundMismatch)]
    pub job: UncheckedAccount,
    #[account(mut, close = rent_payer)]
    pub usage_witness: Account<UsageWitness>,
    #[account(mut, address = usage_witness.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<CloseUsage>) -> Result<()> {
    let a = &ctx.accounts;
    require_over(&a.job, a.usage_witness.nonce)?;
    emit!(UsageWitnessClosed { usage_witness: *a.usage_witness.address() });
    Ok(())
}
