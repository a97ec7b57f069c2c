use alloc::vec::Vec;

use anchor_lang::prelude::*;
use market::signature::{InProgram, SigVerify};
use proofmill_protocol::{
    envelope::{envelope, Kind},
    limits,
};

use crate::{
    error::ArbiterError,
    events::RootSigned,
    state::{ArbiterConfig, RootBallot, ValidatorSet},
};

/// One validator's signature on the ballot's body.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct SeatSignature {
    /// Place in the epoch's set.
    pub seat: u8,
    pub signature: [u8; 64],
}

/// Nobody in particular signs the transaction: each entry carries its own signature.
#[derive(Accounts)]
pub struct SignRoot {
    pub config: Account<ArbiterConfig>,
    #[account(constraint = validator_set.epoch == ballot.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    #[account(mut)]
    pub ballot: Account<RootBallot>,
}

pub fn handle(ctx: &mut Context<SignRoot>, signatures: Vec<SeatSignature>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(!signatures.is_empty(), ArbiterError::SignaturesMissing);
    require!(signatures.len() <= limits::ROOT_SIGNATURES_MAX, ArbiterError::SignaturesTooMany);
    let members = usize::from(a.validator_set.count).min(limits::VALIDATORS_MAX);
    let message = envelope(Kind::Witness, &sha256(&a.ballot.body(a.config.domain)?.encode()));
    for entry in &signatures {
        let seat = usize::from(entry.seat);
        require!(seat < members, ArbiterError::NoSuchSeat);
        let bit = 1u64.checked_shl(u32::from(entry.seat)).ok_or(ArbiterError::NoSuchSeat)?;
        require!(a.ballot.signed & bit == 0, ArbiterError::AlreadySigned);
        InProgram::verify(&a.validator_set.vote_keys[seat], &entry.signature, &message)
            .map_err(|_| ArbiterError::SignatureInvalid)?;
        a.ballot.signed |= bit;
        let weight = a.validator_set.weight(seat);
        a.ballot.signed_weight = a.ballot.signed_weight.saturating_add(weight);
    }
    emit!(RootSigned { ballot: *a.ballot.address(), signed: a.ballot.signed });
    Ok(())
}
