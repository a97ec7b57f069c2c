use anchor_lang::prelude::*;
use market::state::{Provider, SlashCase};
use proofmill_protocol::{
    appeal::{self, CaseState},
    limits::{self, COMMITTEE_MAX},
    seeds,
};

use super::{
    escalate_round::seated,
    open_round::{fill, Drawn, Judged},
};
use crate::{
    beacon::randomness,
    error::ArbiterError,
    state::{ArbiterConfig, ExecutorList, Round, ValidatorSet, LAYOUT_VERSION},
};

/// The job may be gone, or in another attempt or life: the slash case says what is judged, and who judged before.
#[derive(Accounts)]
pub struct OpenAppeal {
    #[account(mut)]
    pub payer: Signer,
    pub config: Account<ArbiterConfig>,
    pub slash_case: Account<SlashCase>,
    #[account(address = slash_case.provider @ ArbiterError::RoundMismatch)]
    pub provider: Account<Provider>,
    #[account(constraint = validator_set.epoch == config.epoch @ ArbiterError::SetNotCurrent)]
    pub validator_set: Account<ValidatorSet>,
    #[account(constraint = executors.class_key == slash_case.class_key @ ArbiterError::ClassDiffers)]
    pub executors: Account<ExecutorList>,
    /// The set of the first round. Whoever sat is drawn last, as long as the set is kept. May be any of the others.
    #[account(seeds = [seeds::VALIDATOR_SET, &slash_case.epochs[0].to_le_bytes()], bump)]
    pub first_set: UncheckedAccount,
    /// The set of the second round, likewise.
    #[account(seeds = [seeds::VALIDATOR_SET, &slash_case.epochs[1].to_le_bytes()], bump)]
    pub second_set: UncheckedAccount,
    #[account(init, payer = payer, seeds = [seeds::APPEAL_ROUND, slash_case.address().as_ref()], bump)]
    pub round: Account<Round>,
    /// The beacon of the configured kind; checked where it is read.
    pub beacon: UncheckedAccount,
    pub system_program: Program<System>,
}

/// Checks that the case is contested and undecided.
pub fn require_appealed(case: &Account<SlashCase>) -> Result<()> {
    require!(case.kind == 0 && case.state()? == CaseState::Appealed, ArbiterError::AppealNotPending);
    Ok(())
}

pub fn handle(ctx: &mut Context<OpenAppeal>) -> Result<()> {
    let a = &mut ctx.accounts;
    require_appealed(&a.slash_case)?;
    // Later it is decided by its deadline.
    let decide_by = a.slash_case.decide_by;
    require!(Clock::get()?.unix_timestamp <= decide_by, ArbiterError::AppealNotPending);
    let at = appeal::appealed_at(decide_by);
    let beacon = randomness(&a.config, a.beacon.account(), a.slash_case.appealed_slot, at)?;
    let judged = Judged {
        job: a.slash_case.job,
        attempt: a.slash_case.attempt,
        nonce: a.slash_case.nonce,
        receipt_hash: a.slash_case.receipt_hash,
        provider: a.slash_case.provider,
        tenant: a.slash_case.tenant.to_bytes(),
        owner: a.provider.owner.to_bytes(),
    };
    let seed = judged.seed(limits::APPEAL_ROUND, &beacon);
    let mut sat = [[0u8; 32]; 2 * COMMITTEE_MAX];
    sat[..COMMITTEE_MAX].copy_from_slice(&sat_in(&a.slash_case, 0, &a.first_set)?);
    sat[COMMITTEE_MAX..].copy_from_slice(&sat_in(&a.slash_case, 1, &a.second_set)?);
    a.round.version = LAYOUT_VERSION;
    a.round.bump = ctx.bumps.round;
    fill(
        &mut a.round,
        &Drawn {
            config: &a.config,
            judged: &judged,
            set: &a.validator_set,
            executors: &a.executors,
            earlier_executors: &a.slash_case.executors,
            earlier_members: &sat,
            seed,
            index: limits::APPEAL_ROUND,
            payer: *a.payer.address(),
        },
    )
}

/// Who sat in round `index` (from zero), if its set is still kept.
#[inline(never)]
fn sat_in(case: &Account<SlashCase>, index: usize, set: &UncheckedAccount) -> Result<[[u8; 32]; COMMITTEE_MAX]> {
    let view = *set.account();
    if !view.owned_by(&crate::ID) {
        return Ok([[0; 32]; COMMITTEE_MAX]);
    }
    let set = Account::<ValidatorSet>::load(view)?;
    Ok(seated(case.seats[index], &case.members[index], &set))
}
