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
    a.roster.remove(at);
    emit!(ValidatorRetired { validator: *a.validator.address() });
    Ok(())
}
