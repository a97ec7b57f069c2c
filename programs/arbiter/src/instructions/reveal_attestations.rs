use alloc::vec::Vec;

use anchor_lang::prelude::*;
use market::signature::{InProgram, SigVerify};
use proofmill_protocol::{
    attestation::{commitment_bytes, Attestation},
    envelope::{envelope, Kind},
    ids::{Domain, JobKey, ValidatorKey},
    quorum::{Phase, RoundOutcome},
    verdict::Opinion,
};

use crate::{
    error::ArbiterError,
    events::AttestationsRevealed,
    state::{ArbiterConfig, Round, ValidatorSet, ROUND_ESCALATED, ROUND_OPEN},
};

/// What one seat reveals.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct Reveal {
    /// Seat in the committee (not in the set).
    pub seat: u8,
    pub opinion: u8,
    /// Bits of the re-executors whose result the opinion confirms.
    pub confirmed_executors: u8,
    pub salt: [u8; 32],
    /// Vote key's signature over the attestation's envelope.
    pub signature: [u8; 64],
}

/// Nobody in particular signs the transaction: each reveal carries its own signature. Whoever has several sends them
/// together; a validator whom nobody takes along sends its own.
#[derive(Accounts)]
pub struct RevealAttestations {
    pub config: Account<ArbiterConfig>,
    #[account(constraint = validator_set.epoch == round.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    #[account(mut)]
    pub round: Account<Round>,
}

/// `output_root` is the root that those among `reveals` found right who say valid. All of them count, or none does.
pub fn handle(ctx: &mut Context<RevealAttestations>, output_root: [u8; 32], reveals: Vec<Reveal>) -> Result<()> {
    let a = &mut ctx.accounts;
    let clock = Clock::get()?;
    require!(!reveals.is_empty(), ArbiterError::NothingRevealed);
    let windows = a.round.windows();
    match windows.phase(clock.unix_timestamp) {
        Phase::Committing => return Err(ArbiterError::RevealTooEarly.into()),
        Phase::Revealing => {}
        Phase::Over => return Err(ArbiterError::AttestationTooLate.into()),
    }
    let mut votes = a.round.votes();
    for reveal in &reveals {
        let bit = windows.bit(reveal.seat).ok_or(ArbiterError::NoSuchSeat)?;
        require!(windows.committed & bit != 0, ArbiterError::NotCommitted);
        require!(votes.spoken() & bit == 0, ArbiterError::AlreadyAttested);
        let opinion = Opinion::from_code(reveal.opinion).ok_or(ArbiterError::OpinionUnknown)?;
        let seat = usize::from(reveal.seat);
        let member = usize::from(a.round.committee[seat]);
        let body = Attestation {
            domain: Domain(a.config.domain),
            job: JobKey(a.round.job.to_bytes()),
            attempt: a.round.attempt,
            round: a.round.index,
            opinion,
            confirmed_executors: reveal.confirmed_executors,
            nonce: a.round.nonce,
            epoch: a.round.epoch,
            receipt_hash: a.round.receipt_hash,
            output_root: if opinion == Opinion::Valid { output_root } else { [0; 32] },
            validator: ValidatorKey(a.validator_set.identities[member]),
        };
        let digest = sha256(&body.encode());
        let commitment = sha256(&commitment_bytes(&body, &digest, &reveal.salt));
        require!(commitment == a.round.seat_commitments[seat], ArbiterError::CommitmentDiffers);
        let message = envelope(Kind::Attestation, &digest);
        InProgram::verify(&a.validator_set.vote_keys[member], &reveal.signature, &message)
            .map_err(|_| ArbiterError::SignatureInvalid)?;
        let diverges = diverges(&mut a.round, opinion, votes.valid, votes.invalid, &body);
        votes.record(reveal.seat, windows.seats, opinion, diverges).ok_or(ArbiterError::AlreadyAttested)?;
    }
    let round = &mut a.round;
    round.set_votes(votes);
    // What comes after the decision is taken in, so that nobody who speaks in time misses its reveal; it moves nothing,
    // least of all the beacon of the next round.
    if round.state == ROUND_OPEN {
        round.touched_slot = clock.slot;
        round.touched_at = clock.unix_timestamp;
        let closed = windows.closed(votes.spoken(), clock.unix_timestamp);
        if votes.outcome(round.rule(), closed) == RoundOutcome::Escalate {
            round.state = ROUND_ESCALATED;
        }
    }
    emit!(AttestationsRevealed {
        round: *a.round.address(),
        valid: votes.valid,
        invalid: votes.invalid,
        unavailable: votes.unavailable,
        inconclusive: votes.inconclusive,
        divergent: votes.divergent,
    });
    Ok(())
}

/// Two that say valid for different outputs, or confirm different re-executions, do not agree.
fn diverges(round: &mut Account<Round>, opinion: Opinion, valid: u16, invalid: u16, body: &Attestation) -> bool {
    match opinion {
        Opinion::Valid if valid == 0 => {
            round.output_root = body.output_root;
            round.valid_confirms = body.confirmed_executors;
            false
        }
        Opinion::Valid => round.output_root != body.output_root || round.valid_confirms != body.confirmed_executors,
        Opinion::Invalid if invalid == 0 => {
            round.invalid_confirms = body.confirmed_executors;
            false
        }
        Opinion::Invalid => round.invalid_confirms != body.confirmed_executors,
        Opinion::Unavailable | Opinion::Inconclusive => false,
    }
}
