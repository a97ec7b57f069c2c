use anchor_lang::prelude::*;

use crate::{error::ArbiterError, events::ValidatorAnnounced, state::Roster};

#[derive(Accounts)]
pub struct AnnounceValidator {
    pub delegate: Signer,
    #[account(mut)]
    pub roster: Account<Roster>,
}

/// The address travels with the roster and not with the sets: a node that moves is found by the next round.
pub fn handle(
    ctx: &mut Context<AnnounceValidator>,
    validator: Address,
    endpoint_ip: [u8; 16],
    endpoint_port: u16,
) -> Result<()> {
    let a = &mut ctx.accounts;
    let at = a.roster.position(&validator.to_bytes()).ok_or(ArbiterError::NotRegistered)?;
    require!(a.roster.delegates[at] == a.delegate.address().to_bytes(), ArbiterError::NotDelegate);
    let mut endpoint = [0u8; 18];
    endpoint[..16].copy_from_slice(&endpoint_ip);
    endpoint[16..].copy_from_slice(&endpoint_port.to_le_bytes());
    a.roster.endpoints[at] = endpoint;
    emit!(ValidatorAnnounced { validator, endpoint });
    Ok(())
}
