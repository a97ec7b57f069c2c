use anchor_lang::prelude::*;
use proofmill_protocol::{
    amount,
    appeal::{self, CaseState, Decision},
    seeds,
    verdict::VerdictRecord,
};

use crate::{
    error::{self, MarketError},
    events::AppealResolved,
    state::{Config, SlashCase, Stake},
};

/// Nobody needs to sign: the arbiter's verdict on the appeal decides, or its deadline.
#[derive(Accounts)]
pub struct ResolveAppeal {
    pub config: Account<Config>,
    #[account(mut, address = slash_case.stake @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    #[account(mut)]
    pub slash_case: Account<SlashCase>,
    /// Where the arbiter keeps its verdict on the appeal, if there is one.
    #[account(
        seeds = [seeds::APPEAL, slash_case.address().as_ref()], bump, seeds::program = config.arbiter
    )]
    pub verdict: UncheckedAccount,
}

/// The arbiter's verdict on this appeal. Whatever else is there is none.
fn read_verdict(a: &ResolveAppeal) -> Result<Option<VerdictRecord>> {
    let view = a.verdict.account();
    if !view.owned_by(&a.config.arbiter) {
        return Ok(None);
    }
    let data = view.try_borrow()?;
    let case = &a.slash_case;
    Ok(VerdictRecord::decode(&data).ok().filter(|record| {
        record.job == case.job.to_bytes()
            && record.attempt == case.attempt
            && record.nonce == case.nonce
            && record.receipt_hash == case.receipt_hash
    }))
}

pub fn handle(ctx: &mut Context<ResolveAppeal>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.slash_case.state()? == CaseState::Appealed, MarketError::NotAppealed);
    let now = Clock::get()?.unix_timestamp;
    let verdict = read_verdict(a)?;
    let whole = amount::plus(a.slash_case.remaining, a.slash_case.bond).map_err(error::amount)?;
    let returned = match appeal::decide(verdict.as_ref(), a.config.threshold, a.slash_case.decide_by, now) {
        Decision::Pending => return Err(MarketError::AppealUndecided.into()),
        Decision::Upheld => {
            a.slash_case.state = CaseState::Upheld as u8;
            a.slash_case.remaining = whole;
            0
        }
        Decision::Returned => {
            let mut balances = a.stake.balances();
            balances.unhold(whole).map_err(error::stake)?;
            a.stake.set_balances(balances);
            a.slash_case.state = CaseState::Returned as u8;
            a.slash_case.remaining = 0;
            whole
        }
    };
    a.slash_case.bond = 0;
    emit!(AppealResolved {
        slash_case: *a.slash_case.address(),
        stake: *a.stake.address(),
        upheld: u8::from(returned == 0),
        returned,
    });
    Ok(())
}
