use anchor_lang::prelude::*;
use proofmill_protocol::{amount, job::JobState, service};

use crate::{
    error::{self, MarketError},
    events::StreamClaimed,
    state::{Job, Provider},
    token::{self, Mint, TokenAccount, TokenInterface},
    vault::{self, Coin},
};

/// After the settlement `claim_reward` pays what is left.
#[derive(Accounts)]
pub struct ClaimStream {
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.vault @ MarketError::JobNotFound)]
    pub vault: Account<TokenAccount>,
    #[account(address = job.provider @ MarketError::InvalidProvider)]
    pub provider: Account<Provider>,
    #[account(address = job.mint @ MarketError::MintNotAllowed)]
    pub mint: Account<Mint>,
    #[account(
        mut, token::mint = mint,
        constraint = *destination.owner() == provider.owner @ MarketError::NotOwner
    )]
    pub destination: Account<TokenAccount>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<ClaimStream>) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.job.is_service(), MarketError::NotAService);
    match a.job.state()? {
        JobState::Running | JobState::Paused | JobState::Ending => {}
        JobState::Settled => return Err(MarketError::JobSettled.into()),
        _ => return Err(MarketError::ServiceNotRunning.into()),
    }
    let job = &a.job;
    let amount = service::streamable(job.escrowed, job.price_per_second, job.metered_ms, job.fee_bps, job.streamed)
        .map_err(error::amount)?;
    require!(amount > 0, MarketError::NothingToStream);
    a.job.streamed = amount::plus(a.job.streamed, amount).map_err(error::amount)?;
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_job(&a.job, &mut a.vault, coin, &mut a.destination, amount);
    emit!(StreamClaimed { job: *a.job.address(), amount, streamed: a.job.streamed });
    Ok(())
}
