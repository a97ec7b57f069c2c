use anchor_lang::prelude::*;
use proofmill_protocol::limits;

use crate::{error::ArbiterError, events::RootBallotClosed, state::RootBallot};

#[derive(Accounts)]
pub struct CloseRootBallot {
    #[account(mut, close = rent_payer)]
    pub ballot: Account<RootBallot>,
    #[account(mut, address = ballot.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<CloseRootBallot>) -> Result<()> {
    let a = &ctx.accounts;
    let ends_at = a.ballot.opened_at.saturating_add(limits::ROOT_BALLOT_SECONDS);
    require!(Clock::get()?.unix_timestamp > ends_at, ArbiterError::BallotStillOpen);
    emit!(RootBallotClosed { ballot: *a.ballot.address() });
    Ok(())
}
