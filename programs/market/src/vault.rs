//! Exact token moves out of vaults. `transfer_checked` only.
use anchor_lang::prelude::*;
use anchor_spl::token::{self, CloseAccount, Mint, TokenAccount, TransferChecked};
use proofmill_protocol::seeds;

use crate::state::{Config, Job, Stake};

/// Pays `amount` atoms out of a job's vault.
pub fn pay_from_job(
    job: &Account<Job>,
    vault: &mut Account<TokenAccount>,
    mint: &Account<Mint>,
    to: &mut Account<TokenAccount>,
    token_program: &Program<Token>,
    amount: u64,
) -> Result<()> {
    if amount == 0 {
        return Ok(());
    }
    let (tenant, index, bump) = (job.tenant, job.index.to_le_bytes(), [job.bump]);
    let job_seeds: &[&[u8]] = &[seeds::JOB, tenant.as_ref(), &index, &bump];
    let signer = [job_seeds];
    let transfer = TransferChecked {
        from: vault.cpi_handle_mut(),
        mint: mint.cpi_handle(),
        to: to.cpi_handle_mut(),
        authority: job.cpi_handle(),
    };
    token::transfer_checked(
        CpiContext::new_with_signer(token_program.address(), transfer, &signer),
        amount,
        mint.decimals(),
    )
}

/// Closes a job's empty vault; its rent goes to `destination`.
pub fn close_job_vault<'a>(
    job: &'a Account<Job>,
    vault: &'a mut Account<TokenAccount>,
    destination: CpiHandleMut<'a>,
    token_program: &'a Program<Token>,
) -> Result<()> {
    let (tenant, index, bump) = (job.tenant, job.index.to_le_bytes(), [job.bump]);
    let job_seeds: &[&[u8]] = &[seeds::JOB, tenant.as_ref(), &index, &bump];
    let signer = [job_seeds];
    let close = CloseAccount { account: vault.cpi_handle_mut(), destination, authority: job.cpi_handle() };
    token::close_account(CpiContext::new_with_signer(token_program.address(), close, &signer))
}

/// Pays `amount` atoms out of a stake's vault.
pub fn pay_from_stake(
    stake: &Account<Stake>,
    vault: &mut Account<TokenAccount>,
    mint: &Account<Mint>,
    to: &mut Account<TokenAccount>,
    token_program: &Program<Token>,
    amount: u64,
) -> Result<()> {
    let (owner, bump) = (stake.owner, [stake.bump]);
    let stake_seeds: &[&[u8]] = &[seeds::STAKE, owner.as_ref(), &bump];
    let signer = [stake_seeds];
    let transfer = TransferChecked {
        from: vault.cpi_handle_mut(),
        mint: mint.cpi_handle(),
        to: to.cpi_handle_mut(),
        authority: stake.cpi_handle(),
    };
    token::transfer_checked(
        CpiContext::new_with_signer(token_program.address(), transfer, &signer),
        amount,
        mint.decimals(),
    )
}

/// Pays `amount` atoms out of an audit budget.
pub fn pay_from_budget(
    config: &Account<Config>,
    budget: &mut Account<TokenAccount>,
    mint: &Account<Mint>,
    to: &mut Account<TokenAccount>,
    token_program: &Program<Token>,
    amount: u64,
) -> Result<()> {
    let bump = [config.bump];
    let config_seeds: &[&[u8]] = &[seeds::CONFIG, &bump];
    let signer = [config_seeds];
    let transfer = TransferChecked {
        from: budget.cpi_handle_mut(),
        mint: mint.cpi_handle(),
        to: to.cpi_handle_mut(),
        authority: config.cpi_handle(),
    };
    token::transfer_checked(
        CpiContext::new_with_signer(token_program.address(), transfer, &signer),
        amount,
        mint.decimals(),
    )
}
