use anchor_lang::prelude::*;
use proofmill_protocol::{limits, quorum::RoundOutcome, seeds, verdict::Opinion};

use crate::{
    error::ArbiterError,
    events::VerdictReached,
    state::{Round, Verdict, LAYOUT_VERSION, ROUND_FINAL, ROUND_OPEN},
};

#[derive(Accounts)]
pub struct FinalizeRound {
    #[account(mut)]
    pub payer: Signer,
    #[account(mut, constraint = round.index <= limits::ROUNDS_MAX @ ArbiterError::RoundMismatch)]
    pub round: Account<Round>,
    /// The escalated first round, if this is the second. It learns who dissented wrongly.
    #[account(mut)]
    pub first: Option<Account<Round>>,
    #[account(
        init, payer = payer,
        seeds = [seeds::VERDICT, round.job.as_ref(), &round.attempt.to_le_bytes()], bump
    )]
    pub verdict: Account<Verdict>,
    pub system_program: Program<System>,
}

/// What a *valid* of a first round confirms: there is one re-execution by then.
const FIRST_EXECUTOR: u8 = 1;

/// What a round found.
pub struct Found {
    pub opinion: Opinion,
    /// Re-executors whose result those who agree confirm; not yet whether they claimed one.
    pub confirms: u8,
    /// Seats that agree, as a bitmap.
    pub agreeing: u16,
    pub now: i64,
}

/// Ends a round that is decided: it takes no second verdict.
pub fn decide(round: &mut Account<Round>) -> Result<Found> {
    require!(round.state == ROUND_OPEN, ArbiterError::RoundDecided);
    let now = Clock::get()?.unix_timestamp;
    let votes = round.votes();
    let closed = round.windows().closed(votes.spoken(), now);
    let opinion = match votes.outcome(round.rule(), closed) {
        RoundOutcome::Decided(opinion) => opinion,
        RoundOutcome::Pending | RoundOutcome::Escalate => return Err(ArbiterError::RoundPending.into()),
    };
    round.state = ROUND_FINAL;
    let (confirms, agreeing) = match opinion {
        Opinion::Valid => (round.valid_confirms, votes.valid),
        Opinion::Invalid => (round.invalid_confirms, votes.invalid),
        Opinion::Unavailable => (0, votes.unavailable),
        Opinion::Inconclusive => (0, votes.inconclusive),
    };
    Ok(Found { opinion, confirms, agreeing, now })
}

/// Writes what a round found, but for who re-executed.
pub fn write(verdict: &mut Account<Verdict>, round: &Account<Round>, found: &Found, payer: Address) {
    verdict.version = LAYOUT_VERSION;
    verdict.opinion = found.opinion as u8;
    verdict.rounds = round.index;
    verdict.attempt = round.attempt;
    verdict.agreeing = found.agreeing.count_ones() as u8;
    verdict.committee = round.seats;
    verdict.epoch = round.epoch;
    verdict.nonce = round.nonce;
    verdict.decided_at = found.now;
    verdict.job = round.job;
    verdict.receipt_hash = round.receipt_hash;
    verdict.output_root = if found.opinion == Opinion::Valid { round.output_root } else { [0; 32] };
    verdict.rent_payer = payer;
}

pub fn handle(ctx: &mut Context<FinalizeRound>) -> Result<()> {
    let a = &mut ctx.accounts;
    let found = decide(&mut a.round)?;
    write(&mut a.verdict, &a.round, &found, *a.payer.address());
    let (verdict, round) = (&mut a.verdict, &a.round);
    let mut submitted = 0u8;
    let mut enter = |place: usize, round: &Account<Round>| {
        verdict.executors[place] = round.executor.to_bytes();
        verdict.reexecution_ms[place] = round.reexecution_ms;
        verdict.seats[place] = round.seats;
        verdict.members[place] = round.committee;
        submitted |= round.reexecuted << place;
    };
    if round.index == 1 {
        enter(0, round);
        verdict.first_epoch = round.epoch;
    } else {
        let first = a.first.as_mut().ok_or(ArbiterError::RoundMismatch)?;
        let same = first.job == round.job && first.nonce == round.nonce && first.index == 1;
        require!(same && first.attempt == round.attempt, ArbiterError::RoundMismatch);
        enter(0, first);
        enter(1, round);
        verdict.first_epoch = first.epoch;
        if found.opinion == Opinion::Valid {
            let grounds_right = first.output_root == round.output_root && first.valid_confirms == FIRST_EXECUTOR;
            first.wrong_dissent = first.votes().wrong_dissent(grounds_right);
            first.touched_at = found.now;
        }
    }
    // Nobody is owed for a claim that never came.
    verdict.confirmed_executors = found.confirms & submitted;
    emit!(VerdictReached {
        job: round.job,
        opinion: verdict.opinion,
        rounds: round.index,
        agreeing: verdict.agreeing,
        committed: round.committed,
        revealed: round.votes().spoken(),
    });
    Ok(())
}
