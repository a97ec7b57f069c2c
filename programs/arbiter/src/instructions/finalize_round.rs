use anchor_lang::prelude::*;
use proofmill_protocol::{quorum::RoundOutcome, seeds, verdict::Opinion};

use crate::{
    error::ArbiterError,
    events::VerdictReached,
    state::{Round, Verdict, LAYOUT_VERSION, ROUND_FINAL, ROUND_OPEN},
};

#[derive(Accounts)]
pub struct FinalizeRound {
    #[account(mut)]
    pub payer: Signer,
    #[account(mut)]
    pub round: Account<Round>,
    /// The escalated first round, if this is the second.
    pub first: Option<Account<Round>>,
    #[account(
        init, payer = payer,
        seeds = [seeds::VERDICT, round.job.as_ref(), &round.attempt.to_le_bytes()], bump
    )]
    pub verdict: Account<Verdict>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<FinalizeRound>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.round.state == ROUND_OPEN, ArbiterError::RoundDecided);
    let now = Clock::get()?.unix_timestamp;
    let votes = a.round.votes();
    let closed = a.round.windows().closed(votes.spoken(), now);
    let opinion = match votes.outcome(a.round.rule(), closed) {
        RoundOutcome::Decided(opinion) => opinion,
        RoundOutcome::Pending | RoundOutcome::Escalate => return Err(ArbiterError::RoundPending.into()),
    };
    a.round.state = ROUND_FINAL;

    let (confirms, agreeing) = match opinion {
        Opinion::Valid => (a.round.valid_confirms, votes.valid),
        Opinion::Invalid => (a.round.invalid_confirms, votes.invalid),
        Opinion::Unavailable => (0, votes.unavailable),
        Opinion::Inconclusive => (0, votes.inconclusive),
    };
    let (mut executors, mut times, mut submitted) = ([[0u8; 32]; 2], [0u64; 2], 0u8);
    let mut enter = |seat: usize, round: &Account<Round>| {
        executors[seat] = round.executor.to_bytes();
        times[seat] = round.reexecution_ms;
        submitted |= round.reexecuted << seat;
    };
    if a.round.index == 1 {
        enter(0, &a.round);
    } else {
        let first = a.first.as_ref().ok_or(ArbiterError::RoundMismatch)?;
        let same = first.job == a.round.job && first.nonce == a.round.nonce && first.index == 1;
        require!(same && first.attempt == a.round.attempt, ArbiterError::RoundMismatch);
        enter(0, first);
        enter(1, &a.round);
    }

    let verdict = &mut a.verdict;
    verdict.version = LAYOUT_VERSION;
    verdict.opinion = opinion as u8;
    verdict.rounds = a.round.index;
    // Nobody is owed for a claim that never came.
    verdict.confirmed_executors = confirms & submitted;
    verdict.attempt = a.round.attempt;
    verdict.agreeing = agreeing.count_ones() as u8;
    verdict.committee = a.round.seats;
    verdict.epoch = a.round.epoch;
    verdict.nonce = a.round.nonce;
    verdict.decided_at = now;
    verdict.reexecution_ms = times;
    verdict.job = a.round.job;
    verdict.receipt_hash = a.round.receipt_hash;
    verdict.output_root = if opinion == Opinion::Valid { a.round.output_root } else { [0; 32] };
    verdict.executors = executors;
    verdict.rent_payer = *a.payer.address();
    emit!(VerdictReached {
        job: a.round.job,
        opinion: opinion as u8,
        rounds: a.round.index,
        agreeing: verdict.agreeing,
        committed: a.round.committed,
        revealed: votes.spoken(),
    });
    Ok(())
}
