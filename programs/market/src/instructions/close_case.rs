use anchor_lang::prelude::*;

use crate::{error::MarketError, events::SlashCaseClosed, state::SlashCase};

/// Closes a case by a verdict that is dealt with. Anyone; the rent returns to who advanced it.
#[derive(Accounts)]
pub struct CloseCase {
    #[account(mut, close = rent_payer)]
    pub slash_case: Account<SlashCase>,
    #[account(mut, address = slash_case.rent_payer @ MarketError::NotOwner)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<CloseCase>) -> Result<()> {
    let case = &ctx.accounts.slash_case;
    // A verdict settles a job once; evidence would open its case again.
    require!(case.kind == 0 && !case.state()?.is_pending(), MarketError::CaseOpen);
    emit!(SlashCaseClosed { slash_case: *case.address() });
    Ok(())
}
