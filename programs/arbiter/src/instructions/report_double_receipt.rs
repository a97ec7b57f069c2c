// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use market::{
    signature::{InProgram, SigVerify},
    state::{Job, Provider},
};
use proofmill_protocol::{
    envelope::{envelope, Kind},
    evidence::EvidenceKind,
    ids::{Domain, JobKey, NodeKey},
    receipt::ReceiptCore,
    seeds,
};

use crate::{
    error::ArbiterError,
    state::{ArbiterConfig, Evidence, Offence},
};

/// Two receipts of one attempt, by their hashes and signatures.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct DoubleReceipt {
    pub receipt_hashes: [[u8; 32]; 2],
    /// The node key's signatures over the receipt cores' envelopes.
    pub signatures: [[u8; 64]; 2],
}

fn offence(job: &Account<Job>) -> Offence {
    Offence {
        kind: EvidenceKind::ReceiptEquivocation,
        job: job.address().to_bytes(),
        nonce: job.nonce,
        attempt: job.attempt,
        round: 0,
    }
}

/// The job names the key that was bound to it, whatever the provider's key is today.
#[derive(Accounts)]
#[instruction(args: DoubleReceipt)]
pub struct ReportDoubleReceipt {
    #[account(mut)]
    pub reporter: Signer,
    pub config: Account<ArbiterConfig>,
    pub job: Account<Job>,
    #[account(address = job.provider @ ArbiterError::JobDiffers)]
    pub provider: Account<Provider>,
    #[account(
        init, payer = reporter,
        seeds = [
            seeds::EVIDENCE, provider.owner.as_ref(), &[EvidenceKind::ReceiptEquivocation as u8],
            &offence(&job).subject()
        ],
        bump
    )]
    pub evidence: Account<Evidence>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<ReportDoubleReceipt>, args: DoubleReceipt) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(args.receipt_hashes[0] != args.receipt_hashes[1], ArbiterError::NoContradiction);
    for (receipt_hash, signature) in args.receipt_hashes.iter().zip(&args.signatures) {
        let core = ReceiptCore {
            domain: Domain(a.config.domain),
            job: JobKey(a.job.address().to_bytes()),
            attempt: a.job.attempt,
            node_key: NodeKey(a.job.node_key),
            receipt_hash: *receipt_hash,
        };
        let message = envelope(Kind::Receipt, &sha256(&core.encode()));
        InProgram::verify(&a.job.node_key, signature, &message).map_err(|_| ArbiterError::SignatureInvalid)?;
    }
    let offence = offence(&a.job);
    Evidence::record(&mut a.evidence, &offence, a.provider.owner, *a.reporter.address())
}
