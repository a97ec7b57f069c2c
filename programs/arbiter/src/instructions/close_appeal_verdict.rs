use anchor_lang::prelude::*;
use proofmill_protocol::seeds;

use super::close_appeal::require_resolved;
use crate::{error::ArbiterError, events::VerdictClosed, state::Verdict};

#[derive(Accounts)]
pub struct CloseAppealVerdict {
    /// The contested slash: decided, or gone.
    pub slash_case: UncheckedAccount,
    #[account(mut, close = rent_payer, seeds = [seeds::APPEAL, slash_case.address().as_ref()], bump)]
    pub verdict: Account<Verdict>,
    #[account(mut, address = verdict.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<CloseAppealVerdict>) -> Result<()> {
    let a = &ctx.accounts;
    require_resolved(&a.slash_case)?;
    emit!(VerdictClosed { verdict: *a.verdict.address() });
    Ok(())
}
