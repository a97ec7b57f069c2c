use anchor_lang::prelude::*;
use proofmill_protocol::{
    appeal::CaseState,
    job::{JobEvent, Outcome},
    limits, seeds,
    verdict::{Opinion, VerdictRecord},
};

use crate::{
    error::MarketError,
    settle, slash,
    state::{Config, Job, Provider, Stake},
};

/// The last three are needed only by a verdict that says *invalid*: it opens a slash case, whose rent the payer advances.
#[derive(Accounts)]
pub struct VerifyProof {
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(mut, constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    /// The arbiter's account: owner, discriminator, version, job, attempt, life and receipt are checked.
    pub verdict: UncheckedAccount,
    /// Where the slash case will be: `slash`, job, attempt, nonce.
    #[account(mut)]
    pub slash_case: Option<UncheckedAccount>,
    #[account(mut)]
    pub payer: Option<Signer>,
    pub system_program: Option<Program<System>>,
}

/// What a verdict comes from. What an appeal found settles no job, and pays nobody of the rounds before it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Judging {
    Receipt,
    Appeal,
}

/// Reads a verdict on `job` out of an account of the arbiter.
pub fn read_verdict(
    config: &Account<Config>,
    job: &Account<Job>,
    account: &UncheckedAccount,
    of: Judging,
) -> Result<VerdictRecord> {
    let view = account.account();
    require!(view.owned_by(&config.arbiter), MarketError::InvalidProof);
    let data = view.try_borrow()?;
    let record = VerdictRecord::decode(&data).map_err(|_| MarketError::InvalidProof)?;
    let fits = record.job == job.address().to_bytes()
        && record.attempt == job.attempt
        && record.nonce == job.nonce
        && record.receipt_hash == job.receipt_hash
        && of == if record.rounds <= limits::ROUNDS_MAX { Judging::Receipt } else { Judging::Appeal };
    require!(fits, MarketError::VerdictMismatch);
    Ok(record)
}

/// The market's own cap: whatever an arbiter writes, at least this many validators must stand behind what moves money.
pub fn settles(config: &Account<Config>, verdict: &VerdictRecord) -> bool {
    let moves = matches!(verdict.opinion, Opinion::Valid | Opinion::Invalid);
    !moves || verdict.agreeing >= config.threshold
}

pub fn handle(ctx: &mut Context<VerifyProof>) -> Result<()> {
    let a = &mut ctx.accounts;
    let outcome_of = |opinion| match opinion {
        Opinion::Valid => Outcome::Accepted,
        Opinion::Invalid => Outcome::Rejected,
        Opinion::Unavailable => Outcome::Unavailable,
        Opinion::Inconclusive => Outcome::Inconclusive,
    };
    let verdict = read_verdict(&a.config, &a.job, &a.verdict, Judging::Receipt)?;
    require!(settles(&a.config, &verdict), MarketError::InvalidProof);
    let outcome = a.job.advance(JobEvent::Settle(outcome_of(verdict.opinion)))?;
    a.job.output_root = verdict.output_root;
    let now = Clock::get()?.unix_timestamp;
    if outcome == Outcome::Accepted {
        let seconds = a.config.slash_window_seconds;
        let mut window = a.stake.window(now, seconds)?;
        window
            .pay(a.job.lock, a.stake.bonded, a.config.outflow_bps, seconds)
            .map_err(|_| MarketError::OutflowCapReached)?;
        a.stake.set_window(window);
    }
    settle::held(&mut a.job, &mut a.provider, &mut a.stake, outcome, now)?;
    if a.job.slashed > 0 {
        open_case(a, &verdict, now)?;
    }
    Ok(())
}

/// Writes down what was set aside and when it is due.
#[inline(never)]
fn open_case(a: &mut VerifyProof, verdict: &VerdictRecord, now: i64) -> Result<()> {
    let at = a.slash_case.as_ref().ok_or(MarketError::SlashCaseMissing)?;
    let payer = a.payer.as_ref().ok_or(MarketError::SlashCaseMissing)?;
    require!(a.system_program.is_some(), MarketError::SlashCaseMissing);
    let (job, attempt, nonce) = (*a.job.address(), a.job.attempt.to_le_bytes(), a.job.nonce.to_le_bytes());
    let (address, bump) = find_program_address(&[seeds::SLASH, job.as_ref(), &attempt, &nonce], &crate::ID);
    require!(*at.address() == address, MarketError::SlashCaseMissing);
    let bump = [bump];
    let signed: &[&[u8]] = &[seeds::SLASH, job.as_ref(), &attempt, &nonce, &bump];
    let mut case = slash::create_case(payer.account(), at.account(), signed)?;
    case.bump = bump[0];
    case.state = CaseState::Open as u8;
    case.attempt = a.job.attempt;
    case.nonce = a.job.nonce;
    case.amount = a.job.slashed;
    case.remaining = a.job.slashed;
    case.opened_at = now;
    case.due_at = now.saturating_add(i64::from(a.config.appeal_seconds));
    case.stake = *a.stake.address();
    case.job = job;
    case.provider = a.job.provider;
    case.tenant = a.job.tenant;
    case.receipt_hash = a.job.receipt_hash;
    case.node_key = a.job.node_key;
    case.class_key = a.job.class_key;
    case.spec_hash = a.job.spec_hash;
    case.input_root = a.job.input_root;
    case.image_digest = a.job.image_digest;
    case.task_index = a.job.task_index;
    case.tasks_total = a.job.tasks_total;
    case.metered_ms = a.job.metered_ms;
    case.exit_code = a.job.exit_code;
    case.termination = a.job.termination;
    case.matched_at = a.job.matched_at;
    case.receipt_at = a.job.receipt_at;
    case.executors = verdict.executors;
    case.epochs = [verdict.judges.first_epoch, verdict.epoch];
    case.seats = verdict.judges.seats;
    case.members = verdict.judges.members;
    slash::announce(&case, &a.stake);
    Ok(())
}
