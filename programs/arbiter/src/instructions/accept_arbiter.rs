use anchor_lang::prelude::*;

use crate::{error::ArbiterError, events::ArbiterAuthorityAccepted, state::ArbiterConfig};

#[derive(Accounts)]
pub struct AcceptArbiter {
    /// Whom an applied change named.
    #[account(address = config.pending_authority @ ArbiterError::NotNextAuthority)]
    pub authority: Signer,
    #[account(mut)]
    pub config: Account<ArbiterConfig>,
}

pub fn handle(ctx: &mut Context<AcceptArbiter>) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.authority = *a.authority.address();
    a.config.pending_authority = Address::default();
    emit!(ArbiterAuthorityAccepted { authority: a.config.authority });
    Ok(())
}
