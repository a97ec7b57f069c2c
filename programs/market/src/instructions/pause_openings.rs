use anchor_lang::prelude::*;

use crate::{
    error::MarketError,
    events::OpeningsPaused,
    state::{Config, PAUSE_OPENINGS},
};

/// At once: posts, matches, offers and bids are refused. No exit looks at this.
#[derive(Accounts)]
pub struct PauseOpenings {
    #[account(
        constraint = *by.address() == config.authority || *by.address() == config.guardian @ MarketError::NotGuardian
    )]
    pub by: Signer,
    #[account(mut)]
    pub config: Account<Config>,
}

pub fn handle(ctx: &mut Context<PauseOpenings>) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.paused |= PAUSE_OPENINGS;
    emit!(OpeningsPaused { by: *a.by.address() });
    Ok(())
}
