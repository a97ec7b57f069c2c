use anchor_lang::prelude::*;

use super::initialize_arbiter::ArbiterArgs;
use crate::{
    error::ArbiterError,
    events::{ArbiterAuthorityNamed, ArbiterChanged},
    state::{ArbiterConfig, QueuedArbiter},
};

/// Nobody needs to sign: the timelock has been seen by all.
#[derive(Accounts)]
pub struct ApplyArbiter {
    #[account(mut)]
    pub config: Account<ArbiterConfig>,
    #[account(mut, close = rent_payer)]
    pub queued: Account<QueuedArbiter>,
    #[account(mut, address = queued.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<ApplyArbiter>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(now >= a.queued.eta, ArbiterError::TimelockRunning);
    let args = ArbiterArgs::load(&a.queued.args, a.queued.length)?;
    args.write(&mut a.config)?;
    // As in the market: whoever is named governs once they accept.
    let named = args.authority != a.config.authority;
    a.config.pending_authority = if named { args.authority } else { Address::default() };
    if named {
        emit!(ArbiterAuthorityNamed { authority: args.authority });
    }
    emit!(ArbiterChanged { authority: a.config.authority, committee: args.committee, threshold: args.threshold });
    Ok(())
}
