use anchor_lang::prelude::*;
use proofmill_protocol::limits;

use super::close_round::require_over;
use crate::{error::ArbiterError, events::VerdictClosed, state::Verdict};

#[derive(Accounts)]
pub struct CloseVerdict {
    /// The judged job's address: empty, or in another life.
    #[account(address = verdict.job @ ArbiterError::RoundMismatch)]
    pub job: UncheckedAccount,
    #[account(
        mut, close = rent_payer,
        constraint = verdict.rounds <= limits::ROUNDS_MAX @ ArbiterError::RoundMismatch
    )]
    pub verdict: Account<Verdict>,
    #[account(mut, address = verdict.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<CloseVerdict>) -> Result<()> {
    let a = &ctx.accounts;
    require_over(&a.job, a.verdict.nonce)?;
    emit!(VerdictClosed { verdict: *a.verdict.address() });
    Ok(())
}
