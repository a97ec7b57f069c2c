// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::seeds;

use crate::{
    error::ArbiterError,
    events::PlantCommitted,
    state::{Plant, Planter, LAYOUT_VERSION},
};

#[derive(Accounts)]
#[instruction(commitment: [u8; 32])]
pub struct CommitPlant {
    #[account(mut, address = planter.key @ ArbiterError::NotPlanter)]
    pub key: Signer,
    pub planter: Account<Planter>,
    #[account(init, payer = key, seeds = [seeds::PLANT, &commitment], bump)]
    pub plant: Account<Plant>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<CommitPlant>, commitment: [u8; 32]) -> Result<()> {
    let a = &mut ctx.accounts;
    let clock = Clock::get()?;
    a.plant.version = LAYOUT_VERSION;
    a.plant.bump = ctx.bumps.plant;
    a.plant.committed_at = clock.unix_timestamp;
    a.plant.committed_slot = clock.slot;
    a.plant.planter = *a.key.address();
    a.plant.commitment = commitment;
    emit!(PlantCommitted { plant: *a.plant.address(), planter: a.plant.planter });
    Ok(())
}
