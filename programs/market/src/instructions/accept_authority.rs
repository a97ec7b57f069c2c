use anchor_lang::prelude::*;

use crate::{error::MarketError, events::AuthorityAccepted, state::Config};

#[derive(Accounts)]
pub struct AcceptAuthority {
    /// Whom an applied change named.
    #[account(address = config.pending_authority @ MarketError::NotNextAuthority)]
    pub authority: Signer,
    #[account(mut)]
    pub config: Account<Config>,
}

pub fn handle(ctx: &mut Context<AcceptAuthority>) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.authority = *a.authority.address();
    a.config.pending_authority = Address::default();
    emit!(AuthorityAccepted { authority: a.config.authority });
    Ok(())
}
