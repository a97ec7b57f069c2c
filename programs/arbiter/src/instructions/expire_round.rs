use anchor_lang::prelude::*;
use proofmill_protocol::quorum::RoundOutcome;

use crate::{
    error::ArbiterError,
    events::RoundExpired,
    state::{Round, ROUND_ESCALATED, ROUND_OPEN},
};

#[derive(Accounts)]
pub struct ExpireRound {
    #[account(mut)]
    pub round: Account<Round>,
}

/// Apart from `escalate_round`, because the second draw needs a beacon that comes after this moment.
pub fn handle(ctx: &mut Context<ExpireRound>) -> Result<()> {
    let a = &mut ctx.accounts;
    let clock = Clock::get()?;
    require!(a.round.state == ROUND_OPEN, ArbiterError::RoundDecided);
    let votes = a.round.votes();
    let closed = a.round.windows().closed(votes.spoken(), clock.unix_timestamp);
    require!(votes.outcome(a.round.rule(), closed) == RoundOutcome::Escalate, ArbiterError::RoundPending);
    a.round.state = ROUND_ESCALATED;
    a.round.touched_slot = clock.slot;
    a.round.touched_at = clock.unix_timestamp;
    emit!(RoundExpired { round: *a.round.address(), committed: a.round.committed, revealed: votes.spoken() });
    Ok(())
}
