use anchor_lang::prelude::*;
use market::state::SlashCase;
use proofmill_protocol::seeds;

use super::{
    finalize_round::{decide, write},
    open_appeal::require_appealed,
};
use crate::{
    events::AppealJudged,
    state::{Round, Verdict},
};

#[derive(Accounts)]
pub struct FinalizeAppeal {
    #[account(mut)]
    pub payer: Signer,
    pub slash_case: Account<SlashCase>,
    #[account(mut, seeds = [seeds::APPEAL_ROUND, slash_case.address().as_ref()], bump)]
    pub round: Account<Round>,
    #[account(init, payer = payer, seeds = [seeds::APPEAL, slash_case.address().as_ref()], bump)]
    pub verdict: Account<Verdict>,
    pub system_program: Program<System>,
}

/// A round without a quorum decides by its default, *inconclusive*, and nobody stands behind that: so the market can tell
/// a committee that could not tell from one that did not come about.
pub fn handle(ctx: &mut Context<FinalizeAppeal>) -> Result<()> {
    let a = &mut ctx.accounts;
    require_appealed(&a.slash_case)?;
    let mut found = decide(&mut a.round)?;
    if found.agreeing.count_ones() < u32::from(a.round.threshold) {
        found.agreeing = 0;
    }
    write(&mut a.verdict, &a.round, &found, *a.payer.address());
    let (verdict, round) = (&mut a.verdict, &a.round);
    verdict.executors[0] = round.executor.to_bytes();
    verdict.reexecution_ms[0] = round.reexecution_ms;
    verdict.first_epoch = round.epoch;
    verdict.seats[0] = round.seats;
    verdict.members[0] = round.committee;
    verdict.confirmed_executors = found.confirms & round.reexecuted;
    emit!(AppealJudged {
        slash_case: *a.slash_case.address(),
        job: round.job,
        opinion: verdict.opinion,
        agreeing: verdict.agreeing,
        committed: round.committed,
        revealed: round.votes().spoken(),
    });
    Ok(())
}
