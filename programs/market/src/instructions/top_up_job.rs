use anchor_lang::prelude::*;
use proofmill_protocol::{
    amount,
    job::JobState,
    service::{self as rules, TopUpError},
};

use crate::{
    error::{self, MarketError},
    events::JobToppedUp,
    service,
    state::{Config, Job},
    token::{self, Mint, TokenAccount, TokenInterface},
};

/// Anyone may pay. New money is an opening: it is refused while those are paused.
#[derive(Accounts)]
pub struct TopUpJob {
    pub payer: Signer,
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.vault @ MarketError::JobNotFound)]
    pub vault: Account<TokenAccount>,
    #[account(address = job.mint @ MarketError::MintNotAllowed)]
    pub mint: Account<Mint>,
    #[account(mut, token::mint = mint, token::authority = payer)]
    pub source: Account<TokenAccount>,
    #[account(constraint = mint.view().owned_by(token_program.address()) @ MarketError::TokenProgramDiffers)]
    pub token_program: Interface<'static, TokenInterface>,
}

pub fn handle(ctx: &mut Context<TopUpJob>, seconds: u32) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.require_open()?;
    require!(a.job.is_service(), MarketError::NotAService);
    let now = Clock::get()?.unix_timestamp;
    match a.job.state()? {
        // Time in which the escrow was dry already stays outside the service.
        JobState::Running => {
            service::pause_if_dry(&mut a.job, now)?;
        }
        JobState::Paused => {}
        JobState::Settled => return Err(MarketError::JobSettled.into()),
        _ => return Err(MarketError::ServiceNotRunning.into()),
    }
    if a.job.paused_at != 0 {
        require!(now <= a.job.meter().pause_over_after(), MarketError::PauseOver);
    }
    let by_tenant = *a.payer.address() == a.job.tenant;
    let job = &a.job;
    let (atoms, longer) = rules::top_up(job.escrowed, job.price_per_second, job.max_seconds, seconds, by_tenant)
        .map_err(|error| match error {
            TopUpError::Seconds { .. } => MarketError::RunLengthOutOfBounds.into(),
            TopUpError::Amount(broken) => error::amount(broken),
        })?;
    a.job.escrowed = amount::plus(a.job.escrowed, atoms).map_err(error::amount)?;
    a.job.max_seconds = longer;
    if atoms > 0 {
        let program = a.token_program.address();
        let (from, to) = (a.source.cpi_handle_mut(), a.vault.cpi_handle_mut());
        token::transfer_checked(program, from, &a.mint, to, a.payer.cpi_handle(), atoms, &[]);
    }
    emit!(JobToppedUp {
        job: *a.job.address(),
        payer: *a.payer.address(),
        amount: atoms,
        escrowed: a.job.escrowed,
        max_seconds: longer,
    });
    Ok(())
}
