// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use market::signature::{InProgram, SigVerify};
use proofmill_protocol::{
    attestation::Attestation,
    envelope::{envelope, Kind},
    evidence::EvidenceKind,
    ids::{Domain, JobKey, ValidatorKey},
    seeds,
    verdict::Opinion,
};

use crate::{
    error::ArbiterError,
    state::{ArbiterConfig, Evidence, Offence, ValidatorSet},
};

/// What a validator signed in one round, without what is the same for all.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct SignedOpinion {
    pub opinion: u8,
    pub confirmed_executors: u8,
    pub receipt_hash: [u8; 32],
    pub output_root: [u8; 32],
    /// Vote key's signature over the attestation's envelope.
    pub signature: [u8; 64],
}

/// The round that an opinion is about. It need not exist any more: the signature binds it.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct JudgedRound {
    pub job: Address,
    pub nonce: u64,
    pub attempt: u16,
    pub round: u8,
    /// Place of the validator in the epoch's set (not in the committee).
    pub member: u8,
}

/// Two opinions of one validator in one round.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct DoubleAttestation {
    pub round: JudgedRound,
    pub opinions: [SignedOpinion; 2],
}

impl JudgedRound {
    /// The offence of `kind` that was committed in this round.
    pub fn offence(&self, kind: EvidenceKind) -> Offence {
        Offence { kind, job: self.job.to_bytes(), nonce: self.nonce, attempt: self.attempt, round: self.round }
    }

    /// The identity of the validator; zero if there is no such member (which `require_signed` refuses).
    pub fn identity(&self, set: &Account<ValidatorSet>) -> [u8; 32] {
        set.identities.get(usize::from(self.member)).copied().unwrap_or_default()
    }

    /// Checks that the member signed `said` about this round.
    pub fn require_signed(&self, domain: [u8; 32], set: &Account<ValidatorSet>, said: &SignedOpinion) -> Result<()> {
        require!(self.member < set.count, ArbiterError::NoSuchSeat);
        let member = usize::from(self.member);
        let body = Attestation {
            domain: Domain(domain),
            job: JobKey(self.job.to_bytes()),
            attempt: self.attempt,
            round: self.round,
            opinion: Opinion::from_code(said.opinion).ok_or(ArbiterError::OpinionUnknown)?,
            confirmed_executors: said.confirmed_executors,
            nonce: self.nonce,
            epoch: set.epoch,
            receipt_hash: said.receipt_hash,
            output_root: said.output_root,
            validator: ValidatorKey(set.identities[member]),
        };
        let message = envelope(Kind::Attestation, &sha256(&body.encode()));
        InProgram::verify(&set.vote_keys[member], &said.signature, &message)
            .map_err(|_| ArbiterError::SignatureInvalid.into())
    }
}

#[derive(Accounts)]
#[instruction(args: DoubleAttestation)]
pub struct ReportDoubleAttestation {
    #[account(mut)]
    pub reporter: Signer,
    pub config: Account<ArbiterConfig>,
    /// The set of the epoch in which the opinions were signed.
    pub validator_set: Account<ValidatorSet>,
    #[account(
        init, payer = reporter,
        seeds = [
            seeds::EVIDENCE, &args.round.identity(&validator_set), &[EvidenceKind::AttestationEquivocation as u8],
            &args.round.offence(EvidenceKind::AttestationEquivocation).subject()
        ],
        bump
    )]
    pub evidence: Account<Evidence>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<ReportDoubleAttestation>, args: DoubleAttestation) -> Result<()> {
    let a = &mut ctx.accounts;
    let [first, second] = &args.opinions;
    let same = first.opinion == second.opinion
        && first.confirmed_executors == second.confirmed_executors
        && first.receipt_hash == second.receipt_hash
        && first.output_root == second.output_root;
    require!(!same, ArbiterError::NoContradiction);
    for said in &args.opinions {
        args.round.require_signed(a.config.domain, &a.validator_set, said)?;
    }
    let offence = args.round.offence(EvidenceKind::AttestationEquivocation);
    let offender = Address::new_from_array(args.round.identity(&a.validator_set));
    Evidence::record(&mut a.evidence, &offence, offender, *a.reporter.address())
}
