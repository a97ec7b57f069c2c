// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::seeds;

use crate::{
    error::ArbiterError,
    events::SetFrozen,
    state::{ArbiterConfig, Roster, ValidatorSet, LAYOUT_VERSION},
};

#[derive(Accounts)]
#[instruction(epoch: u32)]
pub struct FreezeSet {
    #[account(mut)]
    pub payer: Signer,
    #[account(mut)]
    pub config: Account<ArbiterConfig>,
    pub roster: Account<Roster>,
    #[account(init, payer = payer, seeds = [seeds::VALIDATOR_SET, &epoch.to_le_bytes()], bump)]
    pub validator_set: Account<ValidatorSet>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<FreezeSet>, epoch: u32) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(a.config.epoch.checked_add(1) == Some(epoch), ArbiterError::EpochOutOfOrder);
    let ends_at = a.config.epoch_started_at.saturating_add(i64::from(a.config.epoch_seconds));
    require!(a.config.epoch == 0 || now >= ends_at, ArbiterError::EpochNotOver);
    require!(a.roster.count >= a.config.committee, ArbiterError::CommitteeTooSmall);
    a.config.epoch = epoch;
    a.config.epoch_started_at = now;
    let set = &mut a.validator_set;
    set.version = LAYOUT_VERSION;
    set.bump = ctx.bumps.validator_set;
    set.count = a.roster.count;
    set.epoch = epoch;
    set.frozen_at = now;
    set.rent_payer = *a.payer.address();
    set.identities.copy_from_slice(&a.roster.identities);
    set.vote_keys.copy_from_slice(&a.roster.vote_keys);
    emit!(SetFrozen { epoch, members: a.roster.count });
    Ok(())
}
