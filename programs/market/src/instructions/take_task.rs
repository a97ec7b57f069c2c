// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::{arrays, seeds};

use super::match_job::bind;
use crate::{
    error::{self, MarketError},
    events::{JobPosted, TaskIssued},
    state::{Config, Job, JobArray, MintRule, Offer, Provider, Stake, MATCHED_INSTANT},
    token::{self, Mint, TokenAccount, TokenInterface, Vault},
    vault::{self, Coin},
};

/// The provider comes to the task: its operator pays the rent of the task's accounts and gets it back at their close.
/// Of two who take the same task at once, the second finds the address of the job in use.
#[derive(Accounts)]
#[instruction(task: u16)]
pub struct TakeTask {
    #[account(mut, address = provider.operator @ MarketError::NotOperator)]
    pub operator: Signer,
    pub config: Account<Config>,
    #[account(mut)]
    pub array: Account<JobArray>,
    #[account(mut, address = array.vault @ MarketError::JobNotFound)]
    pub array_vault: Account<TokenAccount>,
    #[account(address = array.mint @ MarketError::MintNotAllowed)]
    pub mint: Account<Mint>,
    #[account(constraint = mint_rule.mint == array.mint @ MarketError::MintNotAllowed)]
    pub mint_rule: Account<MintRule>,
    #[account(
        constraint = offer.provider == *provider.address() @ MarketError::InvalidProvider,
        constraint = offer.mint == array.mint @ MarketError::OfferMintDiffers
    )]
    pub offer: Account<Offer>,
    pub provider: Account<Provider>,
    #[account(mut, constraint = stake.owner == provider.owner @ MarketError::InvalidProvider)]
    pub stake: Account<Stake>,
    #[account(
        init, payer = operator,
        seeds = [seeds::JOB, array.tenant.as_ref(), &arrays::job_index(array.index, task).to_le_bytes()], bump
    )]
    pub job: Account<Job>,
    #[account(
        init, payer = operator, seeds = [seeds::VAULT, job.address().as_ref()], bump,
        token::mint = mint, token::authority = job, token::token_program = token_program
    )]
    pub vault: Account<Vault>,
    pub token_program: Interface<'static, TokenInterface>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<TakeTask>, task: u16) -> Result<()> {
    let a = &mut ctx.accounts;
    let clock = Clock::get()?;
    let now = clock.unix_timestamp;
    a.array.require_open(now)?;
    require!(now < a.offer.expires_at, MarketError::OfferExpired);
    require!(a.array.max_seconds <= a.offer.seconds_max, MarketError::OfferTooShort);
    let attempt = a.array.board().take(task).map_err(error::task)?;

    a.array.write_task(&mut a.job, &clock);
    a.job.bump = ctx.bumps.job;
    a.job.vault_bump = ctx.bumps.vault;
    // Counts on over the lives of the address, so that no round or verdict of an earlier issue can be in the way.
    a.job.attempt = attempt;
    a.job.index = arrays::job_index(a.array.index, task);
    a.job.task_index = u32::from(task);
    a.job.array = *a.array.address();
    a.job.vault = *a.vault.address();
    a.job.token_program = token::program_code(&a.mint);
    a.job.rent_payer = *a.operator.address();

    let escrowed = a.array.task_escrow;
    let coin = Coin { mint: &a.mint, program: &a.token_program };
    vault::pay_from_array(&a.array, &mut a.array_vault, coin, a.vault.cpi_handle_mut(), escrowed);
    let job = *a.job.address();
    emit!(TaskIssued { array: *a.array.address(), task, attempt, job, escrowed });
    emit!(JobPosted { job, tenant: a.job.tenant, mint: a.job.mint, escrowed, bids_until: 0 });
    let price = a.offer.price_per_second;
    bind(&a.config, &mut a.job, &a.mint_rule, &a.provider, &mut a.stake, price, MATCHED_INSTANT, now)
}
