//! Opening slash cases: stake is set aside at once and taken later, within caps.
use anchor_lang::{accounts::Account, prelude::*, AccountInitialize};
use proofmill_protocol::appeal::CaseState;

use crate::{
    events::SlashOpened,
    state::{SlashCase, Stake, LAYOUT_VERSION},
};

/// Creates the account of a case at an address that `seeds` (its bump last) have been checked to give.
pub fn create_case(payer: &AccountView, at: &AccountView, seeds: &[&[u8]]) -> Result<Account<SlashCase>> {
    let space = core::mem::size_of::<SlashCase>().saturating_add(SlashCase::DISCRIMINATOR.len());
    let mut case = <Account<SlashCase> as AccountInitialize>::create_and_initialize(
        payer,
        at,
        space,
        &crate::ID,
        &(),
        Some(seeds),
        None,
    )?;
    case.version = LAYOUT_VERSION;
    case.state = CaseState::Open as u8;
    case.rent_payer = *payer.address();
    Ok(case)
}

/// Says what was set aside; `case` is complete.
pub fn announce(case: &Account<SlashCase>, stake: &Account<Stake>) {
    emit!(SlashOpened {
        slash_case: *case.address(),
        stake: case.stake,
        job: case.job,
        kind: case.kind,
        amount: case.amount,
        due_at: case.due_at,
        bonded: stake.bonded,
        unbonding: stake.unbonding,
        pending: stake.pending,
    });
}
