use anchor_lang::prelude::*;
use proofmill_protocol::{
    amount,
    appeal::{self, CaseState},
    limits,
};

use crate::{
    error::{self, MarketError},
    events::SlashAppealed,
    state::{SlashCase, Stake},
};

/// Evidence is not a matter of opinion: only a slash by a verdict can be appealed.
#[derive(Accounts)]
pub struct AppealSlash {
    #[account(address = stake.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut, address = slash_case.stake @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    #[account(mut)]
    pub slash_case: Account<SlashCase>,
}

pub fn handle(ctx: &mut Context<AppealSlash>) -> Result<()> {
    let a = &mut ctx.accounts;
    let clock = Clock::get()?;
    let now = clock.unix_timestamp;
    let contestable = a.slash_case.kind == 0 && a.slash_case.state()? == CaseState::Open;
    require!(contestable && now < a.slash_case.due_at, MarketError::NotAppealable);
    let bond = amount::share(a.slash_case.remaining, limits::APPEAL_BOND_BPS).map_err(error::amount)?;
    let mut balances = a.stake.balances();
    balances.hold_free(bond).map_err(error::stake)?;
    a.stake.set_balances(balances);
    a.slash_case.bond = bond;
    a.slash_case.state = CaseState::Appealed as u8;
    a.slash_case.decide_by = appeal::decide_by(now);
    a.slash_case.appealed_slot = clock.slot;
    emit!(SlashAppealed {
        slash_case: *a.slash_case.address(),
        stake: *a.stake.address(),
        bond,
        decide_by: a.slash_case.decide_by,
    });
    Ok(())
}
