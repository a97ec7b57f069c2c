use anchor_lang::prelude::*;
use market::{state::Job, witness::Inclusion};
use proofmill_protocol::{seeds, witness::WitnessKind};

use super::witness_usage::{require_witnessed, store};
use crate::{
    error::ArbiterError,
    state::{UsageWitness, WitnessRoot},
};

/// Replaces a witnessed total by a later one, or one of an earlier life of the job's address by this one's.
#[derive(Accounts)]
pub struct RefreshUsage {
    pub job: Account<Job>,
    #[account(constraint = witness_root.kind == WitnessKind::Usage as u8 @ ArbiterError::WitnessKindUnknown)]
    pub witness_root: Account<WitnessRoot>,
    #[account(mut, seeds = [seeds::USAGE, job.address().as_ref(), &job.attempt.to_le_bytes()], bump)]
    pub usage_witness: Account<UsageWitness>,
}

pub fn handle(ctx: &mut Context<RefreshUsage>, usage_ms: u64, inclusion: Inclusion) -> Result<()> {
    let a = &mut ctx.accounts;
    require_witnessed(&a.witness_root, &a.job, usage_ms, &inclusion)?;
    let same_life = a.usage_witness.nonce == a.job.nonce;
    let newer = a.witness_root.covers_until > a.usage_witness.witnessed_at;
    require!(!same_life || newer, ArbiterError::UsageNotNewer);
    store(&mut a.usage_witness, &a.witness_root, &a.job, usage_ms);
    Ok(())
}
