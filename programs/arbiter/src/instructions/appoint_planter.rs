// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::seeds;

use crate::{
    error::ArbiterError,
    events::PlanterAppointed,
    state::{ArbiterConfig, Planter, LAYOUT_VERSION},
};

#[derive(Accounts)]
#[instruction(key: Address)]
pub struct AppointPlanter {
    #[account(mut, address = config.authority @ ArbiterError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<ArbiterConfig>,
    #[account(init, payer = authority, seeds = [seeds::PLANTER, key.as_ref()], bump)]
    pub planter: Account<Planter>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<AppointPlanter>, key: Address) -> Result<()> {
    let a = &mut ctx.accounts;
    a.planter.version = LAYOUT_VERSION;
    a.planter.bump = ctx.bumps.planter;
    a.planter.appointed_at = Clock::get()?.unix_timestamp;
    a.planter.key = key;
    emit!(PlanterAppointed { key });
    Ok(())
}
