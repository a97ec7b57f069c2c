use anchor_lang::prelude::*;
use proofmill_protocol::limits;

use crate::{error::ArbiterError, events::WitnessRootClosed, state::WitnessRoot};

/// The address can then be created again, by a ballot of the same epoch that is itself long closed: an epoch's set
/// signs nothing after its own time, because a ballot opens in the present epoch only.
#[derive(Accounts)]
pub struct CloseWitnessRoot {
    #[account(mut, close = rent_payer)]
    pub witness_root: Account<WitnessRoot>,
    #[account(mut, address = witness_root.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
    pub config: Account<crate::state::ArbiterConfig>,
}

pub fn handle(ctx: &mut Context<CloseWitnessRoot>) -> Result<()> {
    let a = &ctx.accounts;
    let keep_until = a.witness_root.finalized_at.saturating_add(limits::WITNESS_ROOT_SECONDS);
    require!(Clock::get()?.unix_timestamp > keep_until, ArbiterError::RootStillNeeded);
    require!(a.witness_root.epoch < a.config.epoch, ArbiterError::RootStillNeeded);
    emit!(WitnessRootClosed { witness_root: *a.witness_root.address() });
    Ok(())
}
