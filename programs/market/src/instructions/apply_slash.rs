use anchor_lang::prelude::*;
use proofmill_protocol::{
    appeal::CaseState,
    evidence::{self, EvidenceKind},
};

use crate::{
    error::{self, MarketError},
    events::SlashApplied,
    state::{Config, SlashCase, Stake},
};

/// Nobody needs to sign: the delay has passed, the caps decide how much of it goes now.
#[derive(Accounts)]
pub struct ApplySlash {
    pub config: Account<Config>,
    #[account(mut, address = slash_case.stake @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    #[account(mut)]
    pub slash_case: Account<SlashCase>,
}

pub fn handle(ctx: &mut Context<ApplySlash>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(a.slash_case.state()?.is_due(a.slash_case.due_at, now), MarketError::SlashNotDue);
    take(&a.config, &mut a.stake, &mut a.slash_case, now)
}

/// Takes as much of a due case as this window still allows; what is left stays set aside.
pub fn take(
    config: &Account<Config>,
    stake: &mut Account<Stake>,
    case: &mut Account<SlashCase>,
    now: i64,
) -> Result<()> {
    let mut window = stake.window(now, config.slash_window_seconds)?;
    let kind = EvidenceKind::from_code(case.kind);
    let taken = match kind {
        Some(_) => window.slash_on_evidence(case.remaining),
        None => window.slash(case.remaining, config.slash_cap_bps),
    };
    require!(taken > 0, MarketError::SlashCapReached);
    stake.set_window(window);
    let bounty = match kind {
        Some(kind) => evidence::bounty(kind, taken, stake.owner.as_array(), case.reporter.as_array()),
        None => Ok(0),
    }
    .map_err(error::amount)?;
    // The bounty stays set aside until the reporter collects it; the rest is the treasury's to sweep.
    let slashed = taken.saturating_sub(bounty);
    let mut balances = stake.balances();
    balances.slash(slashed).map_err(error::stake)?;
    stake.set_balances(balances);
    stake.slashed_total = stake.slashed_total.saturating_add(taken);
    case.remaining = case.remaining.saturating_sub(taken);
    case.slashed = case.slashed.saturating_add(slashed);
    case.bounty = case.bounty.saturating_add(bounty);
    if case.remaining == 0 {
        case.state = CaseState::Taken as u8;
    }
    emit!(SlashApplied {
        slash_case: *case.address(),
        stake: *stake.address(),
        slashed,
        bounty,
        remaining: case.remaining,
    });
    Ok(())
}
