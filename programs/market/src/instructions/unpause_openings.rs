use anchor_lang::prelude::*;

use crate::{
    error::MarketError,
    events::OpeningsResumed,
    state::{Config, PAUSE_OPENINGS},
};

/// The authority alone: a guardian can stop, not start.
#[derive(Accounts)]
pub struct UnpauseOpenings {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(mut)]
    pub config: Account<Config>,
}

pub fn handle(ctx: &mut Context<UnpauseOpenings>) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.paused &= !PAUSE_OPENINGS;
    emit!(OpeningsResumed { by: *a.authority.address() });
    Ok(())
}
