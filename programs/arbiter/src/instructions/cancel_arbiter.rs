use anchor_lang::prelude::*;

use crate::{
    error::ArbiterError,
    events::ArbiterCancelled,
    state::{ArbiterConfig, QueuedArbiter},
};

#[derive(Accounts)]
pub struct CancelArbiter {
    /// Gets the rent, whoever queued: an authority that was replaced meanwhile has left the rent to its successor.
    #[account(mut, address = config.authority @ ArbiterError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<ArbiterConfig>,
    #[account(mut, close = authority)]
    pub queued: Account<QueuedArbiter>,
}

pub fn handle(ctx: &mut Context<CancelArbiter>) -> Result<()> {
    emit!(ArbiterCancelled { hash: ctx.accounts.queued.hash });
    Ok(())
}
