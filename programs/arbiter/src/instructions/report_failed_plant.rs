// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::{evidence::EvidenceKind, plant, seeds, verdict::Opinion};

use super::report_double_attestation::{JudgedRound, SignedOpinion};
use crate::{
    error::ArbiterError,
    state::{ArbiterConfig, Evidence, Plant, ValidatorSet},
};

/// What a plant's commitment hides.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct PlantOpening {
    /// The right output.
    pub truth: [u8; 32],
    /// The wrong output that the planter itself claims; zero for a job with a known answer.
    pub lie: [u8; 32],
    pub salt: [u8; 32],
}

impl PlantOpening {
    /// Checks that this opens `plant`, about `job`, and that the plant is older than the job's life.
    pub fn require_opens(&self, domain: &[u8; 32], plant: &Account<Plant>, job: &[u8; 32], nonce: u64) -> Result<()> {
        let bytes = plant::commitment_bytes(domain, job, &self.truth, &self.lie, &self.salt);
        require!(sha256(&bytes) == plant.commitment, ArbiterError::PlantDiffers);
        require!(plant.committed_slot < nonce, ArbiterError::PlantTooLate);
        Ok(())
    }
}

/// A validator that called a receipt valid which its own planter knew to be false.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct FailedPlant {
    pub opening: PlantOpening,
    pub round: JudgedRound,
    pub said: SignedOpinion,
}

#[derive(Accounts)]
#[instruction(args: FailedPlant)]
pub struct ReportFailedPlant {
    #[account(mut)]
    pub reporter: Signer,
    pub config: Account<ArbiterConfig>,
    /// The set of the epoch in which the opinion was signed.
    pub validator_set: Account<ValidatorSet>,
    pub plant: Account<Plant>,
    #[account(
        init, payer = reporter,
        seeds = [
            seeds::EVIDENCE, &args.round.identity(&validator_set), &[EvidenceKind::FailedPlant as u8],
            &args.round.offence(EvidenceKind::FailedPlant).subject()
        ],
        bump
    )]
    pub evidence: Account<Evidence>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<ReportFailedPlant>, args: FailedPlant) -> Result<()> {
    let a = &mut ctx.accounts;
    args.opening.require_opens(&a.config.domain, &a.plant, &args.round.job.to_bytes(), args.round.nonce)?;
    require!(args.opening.lie != [0; 32] && args.opening.lie != args.opening.truth, ArbiterError::PlantOfOtherKind);
    let lied = args.said.opinion == Opinion::Valid as u8 && args.said.output_root == args.opening.lie;
    require!(lied, ArbiterError::NotTheLie);
    args.round.require_signed(a.config.domain, &a.validator_set, &args.said)?;
    let offence = args.round.offence(EvidenceKind::FailedPlant);
    let offender = Address::new_from_array(args.round.identity(&a.validator_set));
    Evidence::record(&mut a.evidence, &offence, offender, *a.reporter.address())
}
