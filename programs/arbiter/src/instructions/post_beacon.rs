// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::{drand, seeds};

use crate::{
    curve::Syscalls,
    error,
    events::BeaconPosted,
    state::{Beacon, DrandConfig, LAYOUT_VERSION},
};

#[derive(Accounts)]
#[instruction(round: u64)]
pub struct PostBeacon {
    #[account(mut)]
    pub payer: Signer,
    pub drand: Account<DrandConfig>,
    #[account(init, payer = payer, seeds = [seeds::BEACON, &round.to_le_bytes()], bump)]
    pub beacon: Account<Beacon>,
    pub system_program: Program<System>,
}

/// Whether the round is due by the chain's clock is not asked: the signature proves that it is public.
pub fn handle(ctx: &mut Context<PostBeacon>, round: u64, signature: [u8; 64]) -> Result<()> {
    let a = &mut ctx.accounts;
    let randomness = drand::verify::<Syscalls>(&a.drand.public_key, round, &signature).map_err(error::drand)?;
    let rent_payer = *a.payer.address();
    a.beacon.version = LAYOUT_VERSION;
    a.beacon.bump = ctx.bumps.beacon;
    a.beacon.period_seconds = a.drand.period_seconds;
    a.beacon.margin_seconds = a.drand.margin_seconds;
    a.beacon.genesis_at = a.drand.genesis_at;
    a.beacon.round = round;
    a.beacon.posted_at = Clock::get()?.unix_timestamp;
    a.beacon.randomness = randomness;
    a.beacon.rent_payer = rent_payer;
    emit!(BeaconPosted { round, randomness, signature, rent_payer });
    Ok(())
}
