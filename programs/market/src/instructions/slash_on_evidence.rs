use anchor_lang::prelude::*;
use proofmill_protocol::{
    evidence::{self, EvidenceKind, EvidenceRecord, Liable},
    job::JobState,
    seeds,
};

use super::apply_slash::take;
use crate::{
    error::{self, MarketError},
    slash,
    state::{Config, Job, SlashCase, Stake, LAYOUT_VERSION},
};

/// Anyone, once per evidence. What a program has checked needs no delay and no committee.
#[derive(Accounts)]
pub struct SlashOnEvidence {
    #[account(mut)]
    pub payer: Signer,
    pub config: Account<Config>,
    /// The arbiter's account: owner, discriminator, version, kind and offender are checked.
    pub evidence: UncheckedAccount,
    /// The address of the job that the evidence names: whoever is there now.
    #[account(mut)]
    pub job: UncheckedAccount,
    #[account(mut)]
    pub stake: Account<Stake>,
    #[account(init, payer = payer, seeds = [seeds::SLASH, evidence.address().as_ref()], bump)]
    pub slash_case: Account<SlashCase>,
    pub system_program: Program<System>,
}

fn read_evidence(a: &SlashOnEvidence) -> Result<EvidenceRecord> {
    let view = a.evidence.account();
    require!(view.owned_by(&a.config.arbiter), MarketError::EvidenceInvalid);
    let data = view.try_borrow()?;
    let record = EvidenceRecord::decode(&data).map_err(|_| MarketError::EvidenceInvalid)?;
    let fits = record.offender == a.stake.owner.to_bytes() && record.job == a.job.address().to_bytes();
    require!(fits, MarketError::EvidenceInvalid);
    Ok(record)
}

/// The lock that the offender still has on this attempt of the job. It ends here: the job goes on without one, and its
/// settlement neither releases nor slashes it again.
fn end_lock(a: &mut SlashOnEvidence, record: &EvidenceRecord) -> Result<u64> {
    let view = *a.job.account();
    if !record.kind.is_providers() || !view.owned_by(&crate::ID) {
        return Ok(0);
    }
    // SAFETY: no other account of this instruction is a `Job`, and `init` and `Account` refuse this one's address.
    let mut job = unsafe { Account::<Job>::load_mut(view)? };
    let (offender, _) = find_program_address(&[seeds::PROVIDER, &record.offender], &crate::ID);
    let held = matches!(job.state()?, JobState::Matched | JobState::Running | JobState::Submitted);
    let its = job.nonce == record.nonce && job.attempt == record.attempt && job.provider == offender;
    if !held || !its {
        return Ok(0);
    }
    Ok(core::mem::take(&mut job.lock))
}

pub fn handle(ctx: &mut Context<SlashOnEvidence>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    let record = read_evidence(a)?;
    let lock = if record.kind == EvidenceKind::ReceiptEquivocation { end_lock(a, &record)? } else { 0 };
    let mut balances = a.stake.balances();
    let provider = record.kind.is_providers();
    let penalty = evidence::penalty(
        record.kind,
        Liable {
            lock,
            stake: balances.at_risk().map_err(error::amount)?,
            missed_reveal_slash: a.config.missed_reveal_slash,
            stake_min: if provider { a.config.provider_stake_min } else { a.config.validator_stake_min },
        },
    )
    .map_err(error::amount)?;
    let of_lock = balances.hold_lock(lock.min(penalty)).map_err(error::stake)?;
    let beyond = balances.hold_penalty(penalty.saturating_sub(of_lock)).map_err(error::stake)?;
    let held = of_lock.saturating_add(beyond);
    a.stake.set_balances(balances);

    let case = &mut a.slash_case;
    case.version = LAYOUT_VERSION;
    case.bump = ctx.bumps.slash_case;
    case.kind = record.kind as u8;
    case.state = proofmill_protocol::appeal::CaseState::Open as u8;
    case.attempt = record.attempt;
    case.nonce = record.nonce;
    case.amount = held;
    case.remaining = held;
    case.opened_at = now;
    case.due_at = now;
    case.stake = *a.stake.address();
    case.job = *a.job.address();
    case.evidence = *a.evidence.address();
    case.reporter = Address::new_from_array(record.reporter);
    case.rent_payer = *a.payer.address();
    slash::announce(case, &a.stake);
    if held == 0 {
        // Nothing is left to take; the case records the offence all the same.
        case.state = proofmill_protocol::appeal::CaseState::Taken as u8;
        return Ok(());
    }
    match take(&a.config, &mut a.stake, case, now) {
        // This window has seen enough evidence: set aside, to be taken in the next.
        Err(refused) if refused == MarketError::SlashCapReached.into() => Ok(()),
        other => other,
    }
}
