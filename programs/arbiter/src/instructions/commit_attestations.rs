use alloc::vec::Vec;

use anchor_lang::prelude::*;
use market::signature::{InProgram, SigVerify};
use proofmill_protocol::{
    attestation::Commitment,
    envelope::{envelope, Kind},
    ids::{Domain, JobKey, ValidatorKey},
    limits,
};

use super::commit_attestation::refusal;
use crate::{
    error::ArbiterError,
    events::AttestationsCommitted,
    state::{ArbiterConfig, Round, ValidatorSet, ROUND_OPEN},
};

/// What one seat commits to, signed by its vote key.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct SeatCommitment {
    /// Seat in the committee (not in the set).
    pub seat: u8,
    pub commitment: [u8; 32],
    /// Vote key's signature over the commitment's envelope.
    pub signature: [u8; 64],
}

/// Nobody in particular signs the transaction: each commitment carries its own signature. Whoever has several sends them
/// together; a validator whom nobody takes along sends its own by `commit_attestation`.
#[derive(Accounts)]
pub struct CommitAttestations {
    pub config: Account<ArbiterConfig>,
    #[account(constraint = validator_set.epoch == round.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    #[account(mut)]
    pub round: Account<Round>,
}

/// All of them stand afterwards, or nothing has changed. One that stands already is passed over, so that a validator who
/// sent its own meanwhile keeps nobody out; another one for the same seat is refused.
pub fn handle(ctx: &mut Context<CommitAttestations>, commitments: Vec<SeatCommitment>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(!commitments.is_empty(), ArbiterError::NothingCommitted);
    // Ascending seats are distinct ones: no more than there are.
    let ascending = commitments.is_sorted_by(|one, next| one.seat < next.seat);
    require!(ascending && commitments.len() <= limits::COMMITTEE_MAX, ArbiterError::SeatsOutOfOrder);
    require!(a.round.state == ROUND_OPEN, ArbiterError::RoundDecided);
    let now = Clock::get()?.unix_timestamp;
    let mut windows = a.round.windows();
    let before = windows.committed;
    for entry in &commitments {
        let bit = windows.bit(entry.seat).ok_or(ArbiterError::NoSuchSeat)?;
        let seat = usize::from(entry.seat);
        if windows.committed & bit != 0 && a.round.seat_commitments[seat] == entry.commitment {
            continue;
        }
        windows.commit(entry.seat, now).map_err(refusal)?;
        let member = usize::from(a.round.committee[seat]);
        let body = Commitment {
            domain: Domain(a.config.domain),
            job: JobKey(a.round.job.to_bytes()),
            attempt: a.round.attempt,
            round: a.round.index,
            nonce: a.round.nonce,
            epoch: a.round.epoch,
            validator: ValidatorKey(a.validator_set.identities[member]),
            commitment: entry.commitment,
        };
        let message = envelope(Kind::Commitment, &sha256(&body.encode()));
        InProgram::verify(&a.validator_set.vote_keys[member], &entry.signature, &message)
            .map_err(|_| ArbiterError::SignatureInvalid)?;
        a.round.seat_commitments[seat] = entry.commitment;
    }
    let seats = windows.committed & !before;
    if seats != 0 {
        a.round.set_windows(windows);
        emit!(AttestationsCommitted { round: *a.round.address(), seats });
    }
    Ok(())
}
