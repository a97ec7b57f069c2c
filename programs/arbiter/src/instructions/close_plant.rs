use anchor_lang::prelude::*;
use proofmill_protocol::limits;

use crate::{error::ArbiterError, events::PlantClosed, state::Plant};

#[derive(Accounts)]
pub struct ClosePlant {
    #[account(mut, close = planter)]
    pub plant: Account<Plant>,
    #[account(mut, address = plant.planter @ ArbiterError::NotRentPayer)]
    pub planter: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<ClosePlant>) -> Result<()> {
    let a = &ctx.accounts;
    let keep_until = a.plant.committed_at.saturating_add(limits::PLANT_SECONDS);
    require!(Clock::get()?.unix_timestamp > keep_until, ArbiterError::PlantStillNeeded);
    emit!(PlantClosed { plant: *a.plant.address() });
    Ok(())
}
