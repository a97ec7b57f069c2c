use anchor_lang::prelude::*;

use crate::{
    error::MarketError,
    events::ConfigCancelled,
    state::{Config, QueuedConfig},
};

#[derive(Accounts)]
pub struct CancelConfig {
    /// Gets the rent, whoever queued: an authority that was replaced meanwhile has left the rent to its successor.
    #[account(mut, address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<Config>,
    #[account(mut, close = authority)]
    pub queued: Account<QueuedConfig>,
}

pub fn handle(ctx: &mut Context<CancelConfig>) -> Result<()> {
    emit!(ConfigCancelled { hash: ctx.accounts.queued.hash });
    Ok(())
}
