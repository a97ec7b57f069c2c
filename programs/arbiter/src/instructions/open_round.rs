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
    let beacon = randomness(&a.config, a.beacon.account(), a.job.receipt_slot, a.job.receipt_at)?;
    let judged = Judged::of_job(&a.job, &a.provider);
    let seed = judged.seed(1, &beacon);
    require!(draw::is_audited(&seed, a.job.audit_bps), ArbiterError::NotSampled);
    a.round.version = LAYOUT_VERSION;
    a.round.bump = ctx.bumps.round;
    fill(
        &mut a.round,
        &Drawn {
            config: &a.config,
            judged: &judged,
            set: &a.validator_set,
            executors: &a.executors,
            earlier_executors: &[],
            earlier_members: &[],
            seed,
            index: 1,
            payer: *a.payer.address(),
        },
    )
}

/// The receipt that a round judges, and whose it is.
pub struct Judged {
    pub job: Address,
    pub attempt: u16,
    pub nonce: u64,
    pub receipt_hash: [u8; 32],
    /// Market `Provider` account.
    pub provider: Address,
    /// The parties' wallets.
    pub tenant: [u8; 32],
    pub owner: [u8; 32],
}

impl Judged {
    pub fn of_job(job: &Account<Job>, provider: &Account<Provider>) -> Self {
        Self {
            job: *job.address(),
            attempt: job.attempt,
            nonce: job.nonce,
            receipt_hash: job.receipt_hash,
            provider: job.provider,
            tenant: job.tenant.to_bytes(),
            owner: provider.owner.to_bytes(),
        }
    }

    /// `sha256("sel" | beacon | job | attempt | receipt hash | round)`
    pub fn seed(&self, round: u8, beacon: &[u8; 32]) -> [u8; 32] {
        let mut bytes = [0u8; 102];
        bytes[..3].copy_from_slice(b"sel");
        bytes[3..35].copy_from_slice(beacon);
        bytes[35..67].copy_from_slice(self.job.as_ref());
        bytes[67..69].copy_from_slice(&self.attempt.to_le_bytes());
        bytes[69..101].copy_from_slice(&self.receipt_hash);
        bytes[101] = round;
        sha256(&bytes)
    }
}

/// What a round is drawn from.
pub struct Drawn<'a> {
    pub config: &'a Account<ArbiterConfig>,
    pub judged: &'a Judged,
    pub set: &'a Account<ValidatorSet>,
    pub executors: &'a Account<ExecutorList>,
    /// Market `Provider` accounts that re-executed in earlier rounds.
    pub earlier_executors: &'a [[u8; 32]],
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
    let judged = from.judged;
    let party = |key: &[u8; 32]| *key == judged.tenant || *key == judged.owner;
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
    let listed = usize::from(from.executors.count).min(limits::EXECUTORS_MAX);
    let accused = judged.provider.to_bytes();
    let barred = |at: usize| from.executors.providers[at] == accused || party(&from.executors.owners[at]);
    let earlier = |at: usize| from.earlier_executors.contains(&from.executors.providers[at]);
    let mut executor = draw::one(&from.seed, listed, |at| barred(at) || earlier(at));
    // Two that convict are two providers. An appeal in a class without a third goes on with one of them.
    if executor.is_none() && from.index == limits::APPEAL_ROUND {
        executor = draw::one(&from.seed, listed, barred);
    }
    round.index = from.index;
    round.state = ROUND_OPEN;
    round.seats = seats;
    round.threshold = rule.threshold;
    round.reveals_min = rule.reveals_min;
    round.attempt = judged.attempt;
    round.epoch = from.set.epoch;
    round.committee = committee;
    round.nonce = judged.nonce;
    round.opened_at = clock.unix_timestamp;
    round.set_windows(Windows::open(
        seats,
        clock.unix_timestamp,
        from.config.commit_window_seconds,
        from.config.reveal_window_seconds,
    ));
    round.touched_slot = clock.slot;
    round.touched_at = clock.unix_timestamp;
    round.job = judged.job;
    round.receipt_hash = judged.receipt_hash;
    round.provider = judged.provider;
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
