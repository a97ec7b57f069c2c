use anchor_lang::prelude::*;
use market::signature::{InProgram, SigVerify};
use proofmill_protocol::{
    attestation::Attestation,
    envelope::{envelope, Kind},
    ids::{Domain, JobKey, ValidatorKey},
    quorum::RoundOutcome,
    verdict::Opinion,
};

use crate::{
    error::ArbiterError,
    events::AttestationSubmitted,
    state::{ArbiterConfig, Round, ValidatorSet, ROUND_ESCALATED, ROUND_OPEN},
};

/// A validator's opinion.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct AttestationArgs {
    /// Seat in the committee (not in the set).
    pub seat: u8,
    pub opinion: u8,
    /// Bits of the re-executors whose result the opinion confirms.
    pub confirmed_executors: u8,
    /// The output root found right; zero unless valid.
    pub output_root: [u8; 32],
    /// Vote key's signature over the attestation's envelope.
    pub signature: [u8; 64],
}

/// Nobody in particular signs the transaction: the attestation carries its own signature.
#[derive(Accounts)]
pub struct SubmitAttestation {
    pub config: Account<ArbiterConfig>,
    #[account(constraint = validator_set.epoch == round.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    #[account(mut)]
    pub round: Account<Round>,
}

pub fn handle(ctx: &mut Context<SubmitAttestation>, args: AttestationArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    let clock = Clock::get()?;
    require!(a.round.state == ROUND_OPEN, ArbiterError::RoundDecided);
    require!(clock.unix_timestamp <= a.round.attest_until, ArbiterError::AttestationTooLate);
    require!(args.seat < a.round.seats, ArbiterError::NoSuchSeat);
    let opinion = Opinion::from_code(args.opinion).ok_or(ArbiterError::OpinionUnknown)?;
    let member = usize::from(a.round.committee[usize::from(args.seat)]);
    let body = Attestation {
        domain: Domain(a.config.domain),
        job: JobKey(a.round.job.to_bytes()),
        attempt: a.round.attempt,
        round: a.round.index,
        opinion,
        confirmed_executors: args.confirmed_executors,
        nonce: a.round.nonce,
        epoch: a.round.epoch,
        receipt_hash: a.round.receipt_hash,
        output_root: args.output_root,
        validator: ValidatorKey(a.validator_set.identities[member]),
    };
    let message = envelope(Kind::Attestation, &sha256(&body.encode()));
    InProgram::verify(&a.validator_set.vote_keys[member], &args.signature, &message)
        .map_err(|_| ArbiterError::SignatureInvalid)?;

    // Two that say valid for different outputs, or confirm different re-executions, do not agree.
    let round = &mut a.round;
    let diverges = match opinion {
        Opinion::Valid if round.votes_valid == 0 => {
            round.output_root = args.output_root;
            round.valid_confirms = args.confirmed_executors;
            false
        }
        Opinion::Valid => round.output_root != args.output_root || round.valid_confirms != args.confirmed_executors,
        Opinion::Invalid if round.votes_invalid == 0 => {
            round.invalid_confirms = args.confirmed_executors;
            false
        }
        Opinion::Invalid => round.invalid_confirms != args.confirmed_executors,
        Opinion::Unavailable | Opinion::Inconclusive => false,
    };
    let mut votes = round.votes();
    votes.record(args.seat, round.seats, opinion, diverges).ok_or(ArbiterError::AlreadyAttested)?;
    round.set_votes(votes);
    round.touched_slot = clock.slot;
    let index = round.index;
    if votes.outcome(a.config.rule(index), false) == RoundOutcome::Escalate {
        a.round.state = ROUND_ESCALATED;
    }
    emit!(AttestationSubmitted { round: *a.round.address(), seat: args.seat, opinion: args.opinion });
    Ok(())
}
