use anchor_lang::prelude::*;
use proofmill_protocol::quorum::CommitError;

use crate::{
    error::ArbiterError,
    events::AttestationCommitted,
    state::{Round, ValidatorSet, ROUND_OPEN},
};

#[derive(Accounts)]
pub struct CommitAttestation {
    /// The seat's delegate, as the set was frozen.
    pub delegate: Signer,
    #[account(constraint = validator_set.epoch == round.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    #[account(mut)]
    pub round: Account<Round>,
}

/// Stores what a seat will be held to. What it is shows only when it is revealed.
pub fn handle(ctx: &mut Context<CommitAttestation>, seat: u8, commitment: [u8; 32]) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.round.state == ROUND_OPEN, ArbiterError::RoundDecided);
    require!(seat < a.round.seats, ArbiterError::NoSuchSeat);
    let member = usize::from(a.round.committee[usize::from(seat)]);
    require!(a.validator_set.delegates[member] == a.delegate.address().to_bytes(), ArbiterError::NotDelegate);
    let mut windows = a.round.windows();
    windows.commit(seat, Clock::get()?.unix_timestamp).map_err(refusal)?;
    a.round.set_windows(windows);
    a.round.seat_commitments[usize::from(seat)] = commitment;
    emit!(AttestationCommitted { round: *a.round.address(), seat });
    Ok(())
}

/// The program's error for a commitment that the rule refuses.
pub fn refusal(error: CommitError) -> ArbiterError {
    match error {
        CommitError::NoSuchSeat => ArbiterError::NoSuchSeat,
        CommitError::TooLate => ArbiterError::CommitTooLate,
        CommitError::AlreadyCommitted => ArbiterError::AlreadyCommitted,
    }
}
