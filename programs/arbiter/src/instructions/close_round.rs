use anchor_lang::prelude::*;
use market::state::Job;
use proofmill_protocol::limits;

use crate::{error::ArbiterError, events::RoundClosed, state::Round};

#[derive(Accounts)]
pub struct CloseRound {
    /// The judged job's address: empty, or in another life.
    #[account(address = round.job @ ArbiterError::RoundMismatch)]
    pub job: UncheckedAccount,
    #[account(
        mut, close = rent_payer,
        constraint = round.index <= limits::ROUNDS_MAX @ ArbiterError::RoundMismatch
    )]
    pub round: Account<Round>,
    #[account(mut, address = round.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
}

/// Whether the life of the job at this address that had `nonce` is over.
pub fn require_over(job: &UncheckedAccount, nonce: u64) -> Result<()> {
    let view = *job.account();
    if view.owned_by(&market::ID) {
        require!(Account::<Job>::load(view)?.nonce != nonce, ArbiterError::JobStillOpen);
    }
    Ok(())
}

/// Missed reveals and wrong dissents are slashed by what a round says: somebody gets the time to put them on record.
pub fn require_recorded(round: &Account<Round>) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let missed = round.windows().missed(round.votes().spoken(), now);
    let ample = round.reveal_until.saturating_add(limits::MISSED_REVEAL_SECONDS);
    let pending = now <= round.reveal_until && round.committed & !round.votes().spoken() != 0;
    require!(!pending && (missed & !round.missed == 0 || now > ample), ArbiterError::MissedRevealOpen);
    let ample = round.touched_at.saturating_add(limits::MISSED_REVEAL_SECONDS);
    require!(round.wrong_dissent == 0 || now > ample, ArbiterError::WrongDissentOpen);
    Ok(())
}

pub fn handle(ctx: &mut Context<CloseRound>) -> Result<()> {
    let a = &ctx.accounts;
    require_over(&a.job, a.round.nonce)?;
    require_recorded(&a.round)?;
    emit!(RoundClosed { round: *a.round.address() });
    Ok(())
}
