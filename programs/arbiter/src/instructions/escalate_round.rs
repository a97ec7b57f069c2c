use anchor_lang::prelude::*;
use market::state::{Job, Provider};
use proofmill_protocol::{job::JobState, seeds};

use super::open_round::{fill, round_seed, Drawn};
use crate::{
    beacon::{Beacon, SlotHashes},
    error::ArbiterError,
    state::{ArbiterConfig, ExecutorList, Round, ValidatorSet, LAYOUT_VERSION, ROUND_ESCALATED},
};

#[derive(Accounts)]
pub struct EscalateRound {
    #[account(mut)]
    pub payer: Signer,
    pub config: Account<ArbiterConfig>,
    pub job: Account<Job>,
    #[account(address = job.provider @ ArbiterError::RoundMismatch)]
    pub provider: Account<Provider>,
    #[account(constraint = validator_set.epoch == config.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    #[account(constraint = executors.class_key == job.class_key @ ArbiterError::ClassDiffers)]
    pub executors: Account<ExecutorList>,
    #[account(
        constraint = first.job == *job.address() && first.nonce == job.nonce && first.index == 1
            && first.receipt_hash == job.receipt_hash @ ArbiterError::RoundMismatch
    )]
    pub first: Account<Round>,
    #[account(
        init, payer = payer,
        seeds = [seeds::ROUND, job.address().as_ref(), &job.attempt.to_le_bytes(), &[2u8]], bump
    )]
    pub round: Account<Round>,
    /// The beacon; its address is checked.
    pub slot_hashes: UncheckedAccount,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<EscalateRound>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Submitted, ArbiterError::JobNotSubmitted);
    require!(a.first.state == ROUND_ESCALATED, ArbiterError::NotEscalated);
    let seed = round_seed(&a.job, 2, &SlotHashes(a.slot_hashes.account()).after(a.first.touched_slot)?);
    a.round.version = LAYOUT_VERSION;
    a.round.bump = ctx.bumps.round;
    fill(
        &mut a.round,
        &Drawn {
            config: &a.config,
            job: &a.job,
            provider: &a.provider,
            set: &a.validator_set,
            executors: &a.executors,
            earlier_executor: a.first.executor.to_bytes(),
            seed,
            index: 2,
            payer: *a.payer.address(),
        },
    )
}
