use anchor_lang::prelude::*;
use proofmill_protocol::quorum::RoundOutcome;

use crate::{
    error::ArbiterError,
    events::RoundExpired,
    state::{ArbiterConfig, Round, ROUND_ESCALATED, ROUND_OPEN},
};

#[derive(Accounts)]
pub struct ExpireRound {
    pub config: Account<ArbiterConfig>,
    #[account(mut)]
    pub round: Account<Round>,
}

/// Apart from `escalate_round`, because the second draw needs a beacon that comes after this moment.
pub fn handle(ctx: &mut Context<ExpireRound>) -> Result<()> {
    let a = &mut ctx.accounts;
    let clock = Clock::get()?;
    require!(a.round.state == ROUND_OPEN, ArbiterError::RoundDecided);
    let closed = clock.unix_timestamp > a.round.attest_until;
    let outcome = a.round.votes().outcome(a.config.rule(a.round.index), closed);
    require!(outcome == RoundOutcome::Escalate, ArbiterError::RoundPending);
    a.round.state = ROUND_ESCALATED;
    a.round.touched_slot = clock.slot;
    emit!(RoundExpired { round: *a.round.address() });
    Ok(())
}
