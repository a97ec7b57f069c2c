use anchor_lang::prelude::*;
use proofmill_protocol::{
    amount,
    job::{JobState, Outcome},
    limits,
};

use super::verify_proof::{read_verdict, Judging};
use crate::{
    error::{self, MarketError},
    events::AuditPaid,
    state::{Config, Job, MintRule, Provider},
    token::{self, Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

/// Who re-executed on appeal, after the two of the rounds before.
const APPEALS_EXECUTOR: u8 = 2;

#[derive(Accounts)]
pub struct PayAudit {
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    /// The arbiter's verdict on the job, or on the appeal; checked as in `verify_proof`.
    pub verdict: UncheckedAccount,
    /// The re-executor.
    pub provider: Account<Provider>,
    #[account(address = job.mint @ MarketError::MintNotAllowed)]
    pub mint: Account<Mint>,
    #[account(constraint = mint_rule.mint == job.mint @ MarketError::MintNotAllowed)]
    pub mint_rule: Account<MintRule>,
    #[account(mut, address = mint_rule.audit_budget @ MarketError::NotAuthority)]
    pub audit_budget: Account<TokenAccount>,
    #[account(
        mut, token::mint = mint,
        constraint = *destination.owner() == provider.owner @ MarketError::NotOwner
    )]
    pub destination: Account<TokenAccount>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<PayAudit>, executor: u8) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.state()? == JobState::Settled, MarketError::JobNotSettled);
    // Usage is witnessed, not re-executed.
    require!(!a.job.is_service(), MarketError::AuditNotDue);
    require!(executor <= APPEALS_EXECUTOR, MarketError::CountOutOfBounds);
    let (verdict, seat) = if executor == APPEALS_EXECUTOR {
        (read_verdict(&a.config, &a.job, &a.verdict, Judging::Appeal)?, 0)
    } else {
        (read_verdict(&a.config, &a.job, &a.verdict, Judging::Receipt)?, usize::from(executor))
    };
    let (confirmed, bit) = (verdict.confirmed_executors & (1u8 << seat) != 0, 1u8 << executor);
    require!(confirmed && a.job.audit_paid & bit == 0, MarketError::AuditNotDue);
    require!(verdict.executors[seat] == a.provider.address().to_bytes(), MarketError::InvalidProvider);
    a.job.audit_paid |= bit;
    // The job's own price up to what governance finds dear enough, for no more than a bounded multiple of the first run's time.
    let most = a.job.metered_ms.saturating_mul(limits::REEXECUTION_FACTOR_MAX);
    let most = most.saturating_add(limits::REEXECUTION_ALLOWANCE_MS);
    let milliseconds = verdict.reexecution_ms[seat].min(most);
    let price = a.job.price_per_second.min(a.mint_rule.audit_price_max);
    let due = amount::metered(price, milliseconds).map_err(error::amount)?;
    // Never more than the first run grossed (or, of a forged one, than its escrow): otherwise a ring of one's own
    // tenant, provider and re-executor could draw on the budget with jobs that cost it nothing. The ceiling is what keeps
    // such a ring from naming a price of its own as high as the budget: it pays a fortieth of it as a fee.
    let gross = amount::plus(a.job.paid, a.job.fee).map_err(error::amount)?;
    let rejected = a.job.outcome == Outcome::Rejected as u8;
    let due = due.min(if rejected { a.job.escrowed } else { gross });
    require!(a.audit_budget.amount() >= due, MarketError::AuditBudgetTooSmall);
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_budget(&a.config, &mut a.audit_budget, coin, &mut a.destination, due);
    emit!(AuditPaid { job: *a.job.address(), provider: *a.provider.address(), amount: due });
    Ok(())
}
