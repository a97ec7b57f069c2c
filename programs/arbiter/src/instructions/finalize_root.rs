use anchor_lang::prelude::*;
use proofmill_protocol::{limits, seeds, witness};

use crate::{
    error::ArbiterError,
    events::RootFinalized,
    state::{RootBallot, ValidatorSet, WitnessRoot, LAYOUT_VERSION},
};

/// One root for each kind, epoch and sequence: the address can be created once.
#[derive(Accounts)]
pub struct FinalizeRoot {
    #[account(mut)]
    pub payer: Signer,
    #[account(constraint = validator_set.epoch == ballot.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    pub ballot: Account<RootBallot>,
    #[account(
        init, payer = payer,
        seeds = [seeds::WITNESS_ROOT, &[ballot.kind], &ballot.epoch.to_le_bytes(), &ballot.sequence.to_le_bytes()],
        bump
    )]
    pub witness_root: Account<WitnessRoot>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<FinalizeRoot>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    let ends_at = a.ballot.opened_at.saturating_add(limits::ROOT_BALLOT_SECONDS);
    require!(now <= ends_at, ArbiterError::BallotOver);
    let total = a.validator_set.total_weight();
    require!(witness::is_supermajority(a.ballot.signed_weight, total), ArbiterError::SupermajorityMissing);
    let root = &mut a.witness_root;
    root.version = LAYOUT_VERSION;
    root.bump = ctx.bumps.witness_root;
    root.kind = a.ballot.kind;
    root.epoch = a.ballot.epoch;
    root.sequence = a.ballot.sequence;
    root.leaves = a.ballot.leaves;
    root.weight_total = a.ballot.weight_total;
    root.covers_from = a.ballot.covers_from;
    root.covers_until = a.ballot.covers_until;
    root.finalized_at = now;
    root.root = a.ballot.root;
    root.rent_payer = *a.payer.address();
    root.signed = a.ballot.signed;
    emit!(RootFinalized {
        witness_root: *a.witness_root.address(),
        kind: a.ballot.kind,
        epoch: a.ballot.epoch,
        sequence: a.ballot.sequence,
        root: a.ballot.root,
        signed: a.ballot.signed,
    });
    Ok(())
}
