// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::{draw, limits, seeds};

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
    require!(a.config.frozen_epoch.checked_add(1) == Some(epoch), ArbiterError::EpochOutOfOrder);
    let ends_at = a.config.epoch_started_at.saturating_add(i64::from(a.config.epoch_seconds));
    require!(a.config.epoch == 0 || now >= ends_at, ArbiterError::EpochNotOver);
    // The set frozen an epoch ago begins to serve; the one frozen now serves next. The very first begins nothing.
    a.config.epoch = a.config.frozen_epoch;
    a.config.frozen_epoch = epoch;
    a.config.epoch_started_at = now;
    let set = &mut a.validator_set;
    set.version = LAYOUT_VERSION;
    set.bump = ctx.bumps.validator_set;
    set.epoch = epoch;
    set.frozen_at = now;
    set.rent_payer = *a.payer.address();
    // Whoever was not weighed lately may have taken its stake along, to fill another place with it.
    let oldest = now.saturating_sub(i64::from(a.config.overrun_seconds()));
    let mut members = 0usize;
    for place in 0..usize::from(a.roster.count).min(limits::VALIDATORS_MAX) {
        if a.roster.weighed_at[place] >= oldest {
            set.identities[members] = a.roster.identities[place];
            set.vote_keys[members] = a.roster.vote_keys[place];
            set.delegates[members] = a.roster.delegates[place];
            set.weights[members] = a.roster.weights[place];
            members = members.saturating_add(1);
        }
    }
    set.count = members as u8; // at most VALIDATORS_MAX
    require!(set.count >= a.config.committee, ArbiterError::CommitteeTooSmall);
    draw::cap(&mut set.weights[..members]);
    emit!(SetFrozen { epoch, members: set.count });
    Ok(())
}
