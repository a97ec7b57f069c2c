// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::{evidence::EvidenceKind, seeds};

use crate::{
    error::ArbiterError,
    events::DissentRefuted,
    state::{Evidence, Offence, Round, ValidatorSet},
};

#[derive(Accounts)]
#[instruction(seat: u8, offender: [u8; 32], subject: [u8; 32])]
pub struct RecordWrongDissent {
    #[account(mut)]
    pub reporter: Signer,
    #[account(constraint = validator_set.epoch == round.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    #[account(mut)]
    pub round: Account<Round>,
    #[account(
        init, payer = reporter,
        seeds = [seeds::EVIDENCE, &offender, &[EvidenceKind::WrongDissent as u8], &subject], bump
    )]
    pub evidence: Account<Evidence>,
    pub system_program: Program<System>,
}

/// One dissent makes a second committee and a second re-execution necessary: whoever dissents as nobody can who judges by
/// the rules pays for it. `finalize_round` has written down who that is.
pub fn handle(ctx: &mut Context<RecordWrongDissent>, seat: u8, offender: [u8; 32], subject: [u8; 32]) -> Result<()> {
    let a = &mut ctx.accounts;
    let bit = a.round.windows().bit(seat).ok_or(ArbiterError::NoSuchSeat)?;
    require!(a.round.wrong_dissent & bit != 0, ArbiterError::NoWrongDissent);
    let member = usize::from(a.round.committee[usize::from(seat)]);
    let offence = Offence::of_round(EvidenceKind::WrongDissent, &a.round);
    offence.require_named(&a.validator_set.identities[member], &offender, &subject)?;
    a.round.wrong_dissent &= !bit;
    let validator = Address::new_from_array(offender);
    Evidence::record(&mut a.evidence, &offence, validator, *a.reporter.address())?;
    emit!(DissentRefuted { round: *a.round.address(), seat, validator, evidence: *a.evidence.address() });
    Ok(())
}
