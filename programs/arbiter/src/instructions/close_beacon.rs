use anchor_lang::prelude::*;
use proofmill_protocol::limits;

use crate::{error::ArbiterError, events::BeaconClosed, state::Beacon};

#[derive(Accounts)]
pub struct CloseBeacon {
    #[account(mut, close = rent_payer)]
    pub beacon: Account<Beacon>,
    #[account(mut, address = beacon.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<CloseBeacon>) -> Result<()> {
    let beacon = &ctx.accounts.beacon;
    let age = Clock::get()?.unix_timestamp.saturating_sub(beacon.posted_at);
    require!(age >= limits::BEACON_KEEP_SECONDS, ArbiterError::BeaconTooYoung);
    emit!(BeaconClosed { round: beacon.round });
    Ok(())
}
