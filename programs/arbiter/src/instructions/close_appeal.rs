use anchor_lang::prelude::*;
use market::state::SlashCase;
use proofmill_protocol::{appeal::CaseState, seeds};

use super::close_round::require_recorded;
use crate::{error::ArbiterError, events::RoundClosed, state::Round};

#[derive(Accounts)]
pub struct CloseAppeal {
    /// The contested slash: decided, or gone.
    pub slash_case: UncheckedAccount,
    #[account(mut, close = rent_payer, seeds = [seeds::APPEAL_ROUND, slash_case.address().as_ref()], bump)]
    pub round: Account<Round>,
    #[account(mut, address = round.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
}

/// Whether the market has drawn its conclusion. Before that, closing would undo a judgement, or draw another committee.
pub fn require_resolved(case: &UncheckedAccount) -> Result<()> {
    let view = *case.account();
    if view.owned_by(&market::ID) {
        let state = Account::<SlashCase>::load(view)?.state()?;
        require!(state != CaseState::Appealed, ArbiterError::AppealOpen);
    }
    Ok(())
}

pub fn handle(ctx: &mut Context<CloseAppeal>) -> Result<()> {
    let a = &ctx.accounts;
    require_resolved(&a.slash_case)?;
    require_recorded(&a.round)?;
    emit!(RoundClosed { round: *a.round.address() });
    Ok(())
}
