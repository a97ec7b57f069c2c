// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use market::{
    state::Job,
    witness::{require_included, Inclusion},
};
use proofmill_protocol::{
    seeds,
    witness::{UsageLeaf, WitnessKind, WitnessRecord},
};

use crate::{
    error::ArbiterError,
    events::UsageWitnessed,
    state::{UsageWitness, WitnessRoot, LAYOUT_VERSION},
};

/// Writes what a root says about one attempt of a service. Anyone carries it; the leaf and its proof are the authority.
#[derive(Accounts)]
#[instruction(usage_ms: u64)]
pub struct WitnessUsage {
    #[account(mut)]
    pub payer: Signer,
    pub job: Account<Job>,
    #[account(constraint = witness_root.kind == WitnessKind::Usage as u8 @ ArbiterError::WitnessKindUnknown)]
    pub witness_root: Account<WitnessRoot>,
    #[account(
        init, payer = payer,
        seeds = [seeds::USAGE, job.address().as_ref(), &job.attempt.to_le_bytes()], bump
    )]
    pub usage_witness: Account<UsageWitness>,
    pub system_program: Program<System>,
}

/// Checks that the root holds this total of the job's present attempt.
pub fn require_witnessed(
    root: &Account<WitnessRoot>,
    job: &Account<Job>,
    usage_ms: u64,
    inclusion: &Inclusion,
) -> Result<()> {
    let leaf = UsageLeaf { job: job.address().to_bytes(), attempt: job.attempt, nonce: job.nonce, usage_ms };
    let record = WitnessRecord {
        kind: WitnessKind::Usage,
        epoch: root.epoch,
        sequence: root.sequence,
        leaves: root.leaves,
        weight_total: root.weight_total,
        covers_from: root.covers_from,
        covers_until: root.covers_until,
        finalized_at: root.finalized_at,
        root: root.root,
    };
    require_included(&record, &leaf.encode(), inclusion).map_err(|_| ArbiterError::NotWitnessed.into())
}

/// Stores the total; the market takes it in only if it says something new.
pub fn store(witness: &mut Account<UsageWitness>, root: &Account<WitnessRoot>, job: &Account<Job>, usage_ms: u64) {
    witness.version = LAYOUT_VERSION;
    witness.attempt = job.attempt;
    witness.epoch = root.epoch;
    witness.nonce = job.nonce;
    witness.usage_ms = usage_ms;
    witness.witnessed_at = root.covers_until;
    witness.agreeing = root.signed.count_ones() as u8; // at most 64
    witness.job = *job.address();
    witness.root = root.root;
    emit!(UsageWitnessed { usage_witness: *witness.address(), job: witness.job, usage_ms });
}

pub fn handle(ctx: &mut Context<WitnessUsage>, usage_ms: u64, inclusion: Inclusion) -> Result<()> {
    let a = &mut ctx.accounts;
    require_witnessed(&a.witness_root, &a.job, usage_ms, &inclusion)?;
    a.usage_witness.bump = ctx.bumps.usage_witness;
    a.usage_witness.rent_payer = *a.payer.address();
    store(&mut a.usage_witness, &a.witness_root, &a.job, usage_ms);
    Ok(())
}
