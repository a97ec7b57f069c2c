use anchor_lang::prelude::*;
use market::state::{Job, Provider};
use proofmill_protocol::{
    draw::{self, Standing},
    job::JobState,
    limits,
    quorum::Windows,
    seeds,
};

use crate::{
    beacon::randomness,
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
    /// The beacon of the configured kind; checked where it is read.
    pub beacon: UncheckedAccount,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<OpenRound>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Submitted, ArbiterError::JobNotSubmitted);
    let beacon = randomness(a.config.beacon_kind, a.beacon.account(), a.job.receipt_slot, a.job.receipt_at)?;
    let seed = round_seed(&a.job, 1, &beacon);
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
            earlier_members: &[],
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
    /// Identities that sat in an earlier round.
    pub earlier_members: &'a [[u8; 32]],
    pub seed: [u8; 32],
    pub index: u8,
    pub payer: Address,
}

/// Draws committee and re-executor and writes the round. The parties to the job are never drawn.
pub fn fill(round: &mut Account<Round>, from: &Drawn) -> Result<()> {
    let clock = Clock::get()?;
    require!(clock.unix_timestamp <= from.config.draws_until(), ArbiterError::SetStale);
    let rule = from.config.rule(from.index);
    let seats = rule.committee;
    let (tenant, owner) = (from.job.tenant.to_bytes(), from.provider.owner.to_bytes());
    let party = |key: &[u8; 32]| *key == tenant || *key == owner;
    let standing = |member: usize| {
        let identity = &from.set.identities[member];
        if party(identity) {
            Standing::Party
        } else if from.earlier_members.contains(identity) {
            Standing::SatBefore
        } else {
            Standing::Fresh
        }
    };
    let weights = &from.set.weights[..from.set.members()];
    let committee = draw::committee(&from.seed, weights, usize::from(seats), standing)
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
    round.threshold = rule.threshold;
    round.reveals_min = rule.reveals_min;
    round.attempt = from.job.attempt;
    round.epoch = from.set.epoch;
    round.committee = committee;
    round.nonce = from.job.nonce;
    round.opened_at = clock.unix_timestamp;
    round.set_windows(Windows::open(
        seats,
        clock.unix_timestamp,
        from.config.commit_window_seconds,
        from.config.reveal_window_seconds,
    ));
    round.touched_slot = clock.slot;
    round.touched_at = clock.unix_timestamp;
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
