use anchor_lang::prelude::*;

use crate::{error::ArbiterError, events::ValidatorRetired, state::Roster};

#[derive(Accounts)]
pub struct RetireValidator {
    pub validator: Signer,
    #[account(mut)]
    pub roster: Account<Roster>,
}

pub fn handle(ctx: &mut Context<RetireValidator>) -> Result<()> {
    let a = &mut ctx.accounts;
    let at = a.roster.position(&a.validator.address().to_bytes()).ok_or(ArbiterError::NotRegistered)?;
    let last = usize::from(a.roster.count).saturating_sub(1);
    a.roster.identities[at] = a.roster.identities[last];
    a.roster.vote_keys[at] = a.roster.vote_keys[last];
    a.roster.identities[last] = [0; 32];
    a.roster.vote_keys[last] = [0; 32];
    a.roster.count = a.roster.count.saturating_sub(1);
    emit!(ValidatorRetired { validator: *a.validator.address() });
    Ok(())
}
