// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::{evidence::EvidenceKind, seeds};

use crate::{
    error::ArbiterError,
    events::RevealMissed,
    state::{Evidence, Offence, Round, ValidatorSet},
};

#[derive(Accounts)]
#[instruction(seat: u8, offender: [u8; 32], subject: [u8; 32])]
pub struct RecordMissedReveal {
    #[account(mut)]
    pub reporter: Signer,
    #[account(constraint = validator_set.epoch == round.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    #[account(mut)]
    pub round: Account<Round>,
    #[account(
        init, payer = reporter,
        seeds = [seeds::EVIDENCE, &offender, &[EvidenceKind::MissedReveal as u8], &subject], bump
    )]
    pub evidence: Account<Evidence>,
    pub system_program: Program<System>,
}

/// Whoever committed and did not reveal left the committee with less than it promised: the market takes a fixed amount
/// for it. Whoever never committed is silent, which costs the fee and nothing else.
pub fn handle(ctx: &mut Context<RecordMissedReveal>, seat: u8, offender: [u8; 32], subject: [u8; 32]) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    let windows = a.round.windows();
    let bit = windows.bit(seat).ok_or(ArbiterError::NoSuchSeat)?;
    require!(a.round.missed & bit == 0, ArbiterError::AlreadyRecorded);
    require!(windows.missed(a.round.votes().spoken(), now) & bit != 0, ArbiterError::NotMissed);
    let member = usize::from(a.round.committee[usize::from(seat)]);
    let offence = Offence::of_round(EvidenceKind::MissedReveal, &a.round);
    offence.require_named(&a.validator_set.identities[member], &offender, &subject)?;
    a.round.missed |= bit;
    let validator = Address::new_from_array(offender);
    Evidence::record(&mut a.evidence, &offence, validator, *a.reporter.address())?;
    emit!(RevealMissed { round: *a.round.address(), seat, validator, evidence: *a.evidence.address() });
    Ok(())
}
