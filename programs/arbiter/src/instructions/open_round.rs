use anchor_lang::prelude::*;
use market::state::{Job, Provider};
use proofmill_protocol::{draw, job::JobState, limits, seeds};

use crate::{
    beacon::{Beacon, SlotHashes},
    error::ArbiterError,
    events::RoundOpened,
    state::{ArbiterConfig, ExecutorList, Round, ValidatorSet, LAYOUT_VERSION, ROUND_OPEN},
};

#[derive(Accounts)]
pub struct OpenRound {
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
        init, payer = payer,
        seeds = [seeds::ROUND, job.address().as_ref(), &job.attempt.to_le_bytes(), &[1u8]], bump
    )]
    pub round: Account<Round>,
    /// The beacon; its address is checked.
    pub slot_hashes: UncheckedAccount,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<OpenRound>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Submitted, ArbiterError::JobNotSubmitted);
    let seed = round_seed(&a.job, 1, &SlotHashes(a.slot_hashes.account()).after(a.job.receipt_slot)?);
    require!(draw::is_audited(&seed, a.job.audit_bps), ArbiterError::NotSampled);
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
            earlier_executor: [0; 32],
            seed,
            index: 1,
            payer: *a.payer.address(),
        },
    )
}

/// `sha256("sel" | beacon | job | attempt | receipt hash | round)`
pub fn round_seed(job: &Account<Job>, round: u8, beacon: &[u8; 32]) -> [u8; 32] {
    let mut bytes = [0u8; 102];
    bytes[..3].copy_from_slice(b"sel");
    bytes[3..35].copy_from_slice(beacon);
    bytes[35..67].copy_from_slice(job.address().as_ref());
    bytes[67..69].copy_from_slice(&job.attempt.to_le_bytes());
    bytes[69..101].copy_from_slice(&job.receipt_hash);
    bytes[101] = round;
    sha256(&bytes)
}

/// What a round is drawn from.
pub struct Drawn<'a> {
    pub config: &'a Account<ArbiterConfig>,
    pub job: &'a Account<Job>,
    pub provider: &'a Account<Provider>,
    pub set: &'a Account<ValidatorSet>,
    pub executors: &'a Account<ExecutorList>,
    pub earlier_executor: [u8; 32],
    pub seed: [u8; 32],
    pub index: u8,
    pub payer: Address,
}

/// Draws committee and re-executor and writes the round. The parties to the job are never drawn.
pub fn fill(round: &mut Account<Round>, from: &Drawn) -> Result<()> {
    let clock = Clock::get()?;
    let seats = from.config.rule(from.index).committee;
    let (tenant, owner) = (from.job.tenant.to_bytes(), from.provider.owner.to_bytes());
    let party = |key: &[u8; 32]| *key == tenant || *key == owner;
    let members = usize::from(from.set.count).min(limits::VALIDATORS_MAX);
    let committee = draw::committee(&from.seed, members, usize::from(seats), |seat| party(&from.set.identities[seat]))
        .map_err(|_| ArbiterError::CommitteeTooSmall)?;
    let judged = from.job.provider.to_bytes();
    let listed = usize::from(from.executors.count).min(limits::EXECUTORS_MAX);
    let executor = draw::one(&from.seed, listed, |at| {
        let provider = &from.executors.providers[at];
        *provider == judged || *provider == from.earlier_executor || party(&from.executors.owners[at])
    });
    round.index = from.index;
    round.state = ROUND_OPEN;
    round.seats = seats;
    round.attempt = from.job.attempt;
    round.epoch = from.set.epoch;
    round.committee = committee;
    round.nonce = from.job.nonce;
    round.opened_at = clock.unix_timestamp;
    round.attest_until = clock.unix_timestamp.saturating_add(i64::from(from.config.attest_window_seconds));
    round.touched_slot = clock.slot;
    round.job = *from.job.address();
    round.receipt_hash = from.job.receipt_hash;
    round.provider = from.job.provider;
    round.rent_payer = from.payer;
    round.seed = from.seed;
    if let Some(at) = executor {
        round.executor = Address::new_from_array(from.executors.providers[at]);
    }
    emit!(RoundOpened {
        round: *round.address(),
        job: round.job,
        index: from.index,
        committee,
        seats,
        executor: round.executor,
    });
    Ok(())
}
