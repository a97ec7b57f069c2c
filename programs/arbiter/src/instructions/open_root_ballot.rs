// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::{limits, merkle, seeds, witness::WitnessKind};

use crate::{
    error::ArbiterError,
    events::RootProposed,
    state::{ArbiterConfig, RootBallot, ValidatorSet, LAYOUT_VERSION},
};

/// A root of measurements, as it will be signed.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct RootProposal {
    /// SHA-256 of the body that the validators sign: names the ballot.
    pub digest: [u8; 32],
    pub kind: u8,
    pub sequence: u32,
    pub leaves: u32,
    pub weight_total: u64,
    pub covers_from: i64,
    pub covers_until: i64,
    pub root: [u8; 32],
}

/// Anyone proposes; only signatures count. Different bodies have different ballots, so nobody can occupy a place.
#[derive(Accounts)]
#[instruction(args: RootProposal)]
pub struct OpenRootBallot {
    #[account(mut)]
    pub payer: Signer,
    pub config: Account<ArbiterConfig>,
    #[account(constraint = validator_set.epoch == config.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    #[account(init, payer = payer, seeds = [seeds::ROOT_BALLOT, &args.digest], bump)]
    pub ballot: Account<RootBallot>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<OpenRootBallot>, args: RootProposal) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    let kind = WitnessKind::from_code(args.kind).ok_or(ArbiterError::WitnessKindUnknown)?;
    require!(args.leaves >= 1 && args.leaves <= 1 << merkle::PROOF_MAX, ArbiterError::LeavesOutOfBounds);
    require!(args.covers_from < args.covers_until && args.covers_until <= now, ArbiterError::PeriodInvalid);
    let oldest = now.saturating_sub(limits::WITNESS_AGE_SECONDS_MAX);
    require!(args.covers_from >= oldest, ArbiterError::PeriodInvalid);
    // Weights belong to rewards, and rewards need them.
    require!((kind == WitnessKind::Rewards) == (args.weight_total > 0), ArbiterError::WeightInvalid);

    let ballot = &mut a.ballot;
    ballot.version = LAYOUT_VERSION;
    ballot.bump = ctx.bumps.ballot;
    ballot.kind = args.kind;
    ballot.epoch = a.validator_set.epoch;
    ballot.sequence = args.sequence;
    ballot.leaves = args.leaves;
    ballot.weight_total = args.weight_total;
    ballot.covers_from = args.covers_from;
    ballot.covers_until = args.covers_until;
    ballot.opened_at = now;
    ballot.root = args.root;
    ballot.rent_payer = *a.payer.address();
    let digest = sha256(&ballot.body(a.config.domain)?.encode());
    require!(digest == args.digest, ArbiterError::DigestDiffers);
    emit!(RootProposed { ballot: *a.ballot.address(), kind: args.kind, sequence: args.sequence, root: args.root });
    Ok(())
}
