// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

extern crate alloc;

use alloc::vec::Vec;
use anchor_lang::prelude::*;
use market::state::{Job, Provider};
use proofmill_protocol::{evidence::EvidenceKind, job::JobState, receipt::Receipt, seeds};

use super::report_failed_plant::PlantOpening;
use crate::{
    error::ArbiterError,
    state::{ArbiterConfig, Evidence, Offence, Plant},
};

/// A provider's receipt of a job whose answer was fixed before it was posted.
#[derive(Clone, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct FailedRinger {
    pub opening: PlantOpening,
    /// The encoded receipt: its hash is on chain, signed by the provider.
    pub receipt: Vec<u8>,
}

fn offence(job: &Account<Job>) -> Offence {
    Offence {
        kind: EvidenceKind::FailedRinger,
        job: job.address().to_bytes(),
        nonce: job.nonce,
        attempt: job.attempt,
        round: 0,
    }
}

#[derive(Accounts)]
#[instruction(args: FailedRinger)]
pub struct ReportFailedRinger {
    #[account(mut)]
    pub reporter: Signer,
    pub config: Account<ArbiterConfig>,
    pub job: Account<Job>,
    #[account(address = job.provider @ ArbiterError::JobDiffers)]
    pub provider: Account<Provider>,
    pub plant: Account<Plant>,
    #[account(
        init, payer = reporter,
        seeds = [
            seeds::EVIDENCE, provider.owner.as_ref(), &[EvidenceKind::FailedRinger as u8], &offence(&job).subject()
        ],
        bump
    )]
    pub evidence: Account<Evidence>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<ReportFailedRinger>, args: FailedRinger) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(matches!(a.job.state()?, JobState::Submitted | JobState::Settled), ArbiterError::JobNotSubmitted);
    args.opening.require_opens(&a.config.domain, &a.plant, &a.job.address().to_bytes(), a.job.nonce)?;
    require!(args.opening.lie == [0; 32], ArbiterError::PlantOfOtherKind);
    require!(sha256(&args.receipt) == a.job.receipt_hash, ArbiterError::ReceiptDiffers);
    let receipt = Receipt::decode(&args.receipt).map_err(|_| ArbiterError::ReceiptDiffers)?;
    require!(receipt.output_root != args.opening.truth, ArbiterError::AnswerRight);
    let offence = offence(&a.job);
    Evidence::record(&mut a.evidence, &offence, a.provider.owner, *a.reporter.address())
}
