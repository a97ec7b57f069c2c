use anchor_lang::prelude::*;
use market::state::{Job, Provider};
use proofmill_protocol::{job::JobState, limits::COMMITTEE_MAX, seeds};

use super::open_round::{fill, Drawn, Judged};
use crate::{
    beacon::randomness,
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
    /// The set that judged first: whoever sat is drawn last. May be the same account.
    #[account(constraint = first_set.epoch == first.epoch @ ArbiterError::SetNotCurrent)]
    pub first_set: Account<ValidatorSet>,
    #[account(
        init, payer = payer,
        seeds = [seeds::ROUND, job.address().as_ref(), &job.attempt.to_le_bytes(), &[2u8]], bump
    )]
    pub round: Account<Round>,
    /// The beacon of the configured kind; checked where it is read.
    pub beacon: UncheckedAccount,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<EscalateRound>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Submitted, ArbiterError::JobNotSubmitted);
    require!(a.first.state == ROUND_ESCALATED, ArbiterError::NotEscalated);
    let beacon = randomness(&a.config, a.beacon.account(), a.first.touched_slot, a.first.touched_at)?;
    let judged = Judged::of_job(&a.job, &a.provider);
    let seed = judged.seed(2, &beacon);
    let sat = seated(a.first.seats, &a.first.committee, &a.first_set);
    a.round.version = LAYOUT_VERSION;
    a.round.bump = ctx.bumps.round;
    fill(
        &mut a.round,
        &Drawn {
            config: &a.config,
            judged: &judged,
            set: &a.validator_set,
            executors: &a.executors,
            earlier_executors: &[a.first.executor.to_bytes()],
            earlier_members: &sat,
            seed,
            index: 2,
            payer: *a.payer.address(),
        },
    )
}

/// Identities of a round's seats: its committee, looked up in the set of its epoch. Zero, which is nobody's, for the rest.
pub fn seated(seats: u8, committee: &[u8; COMMITTEE_MAX], set: &Account<ValidatorSet>) -> [[u8; 32]; COMMITTEE_MAX] {
    let mut identities = [[0u8; 32]; COMMITTEE_MAX];
    for (identity, member) in identities.iter_mut().zip(committee).take(usize::from(seats)) {
        if let Some(found) = set.identities.get(usize::from(*member)) {
            *identity = *found;
        }
    }
    identities
}
