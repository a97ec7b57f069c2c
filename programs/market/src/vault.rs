//! Exact token moves out of vaults.
use anchor_lang::prelude::*;
use proofmill_protocol::seeds;

use crate::{
    state::{Config, Job, JobArray, RewardPool, Stake},
    token::{self, Mint, TokenAccount, TokenInterface},
};

/// A mint and the token program that it belongs to: the accounts structs check that it does.
#[derive(Clone, Copy)]
pub struct Coin<'a> {
    pub mint: &'a Account<Mint>,
    pub program: &'a Interface<'static, TokenInterface>,
}

/// Pays `amount` atoms out of a job's vault.
pub fn pay_from_job(
    job: &Account<Job>,
    vault: &mut Account<TokenAccount>,
    coin: Coin,
    to: &mut Account<TokenAccount>,
    amount: u64,
) {
    if amount == 0 {
        return;
    }
    let (tenant, index, bump) = (job.tenant, job.index.to_le_bytes(), [job.bump]);
    let signer: &[&[u8]] = &[seeds::JOB, tenant.as_ref(), &index, &bump];
    let (from, to) = (vault.cpi_handle_mut(), to.cpi_handle_mut());
    token::transfer_checked(coin.program.address(), from, coin.mint, to, job.cpi_handle(), amount, &[signer]);
}

/// Closes a job's empty vault; its rent goes to `destination`.
pub fn close_job_vault(
    job: &Account<Job>,
    vault: &mut Account<TokenAccount>,
    destination: CpiHandleMut,
    program: &Address,
) {
    let (tenant, index, bump) = (job.tenant, job.index.to_le_bytes(), [job.bump]);
    let signer: &[&[u8]] = &[seeds::JOB, tenant.as_ref(), &index, &bump];
    token::close_account(program, vault.cpi_handle_mut(), destination, job.cpi_handle(), &[signer]);
}

/// Pays `amount` atoms out of a stake's vault.
pub fn pay_from_stake(
    stake: &Account<Stake>,
    vault: &mut Account<TokenAccount>,
    coin: Coin,
    to: &mut Account<TokenAccount>,
    amount: u64,
) {
    let (owner, bump) = (stake.owner, [stake.bump]);
    let signer: &[&[u8]] = &[seeds::STAKE, owner.as_ref(), &bump];
    let (from, to) = (vault.cpi_handle_mut(), to.cpi_handle_mut());
    token::transfer_checked(coin.program.address(), from, coin.mint, to, stake.cpi_handle(), amount, &[signer]);
}

/// Pays `amount` atoms out of an audit budget.
pub fn pay_from_budget(
    config: &Account<Config>,
    budget: &mut Account<TokenAccount>,
    coin: Coin,
    to: &mut Account<TokenAccount>,
    amount: u64,
) {
    let bump = [config.bump];
    let signer: &[&[u8]] = &[seeds::CONFIG, &bump];
    let (from, to) = (budget.cpi_handle_mut(), to.cpi_handle_mut());
    token::transfer_checked(coin.program.address(), from, coin.mint, to, config.cpi_handle(), amount, &[signer]);
}

/// Destroys `amount` atoms of a job's vault.
pub fn burn_from_job(
    job: &Account<Job>,
    vault: &mut Account<TokenAccount>,
    mint: &mut Account<Mint>,
    program: &Address,
    amount: u64,
) {
    if amount == 0 {
        return;
    }
    let (tenant, index, bump) = (job.tenant, job.index.to_le_bytes(), [job.bump]);
    let signer: &[&[u8]] = &[seeds::JOB, tenant.as_ref(), &index, &bump];
    token::burn_checked(program, vault.cpi_handle_mut(), mint, job.cpi_handle(), amount, &[signer]);
}

/// Pays `amount` atoms out of a reward pool's vault.
pub fn pay_from_pool(
    pool: &Account<RewardPool>,
    vault: &mut Account<TokenAccount>,
    coin: Coin,
    to: &mut Account<TokenAccount>,
    amount: u64,
) {
    if amount == 0 {
        return;
    }
    let (epoch, bump) = (pool.epoch.to_le_bytes(), [pool.bump]);
    let signer: &[&[u8]] = &[seeds::REWARD_POOL, &epoch, &bump];
    let (from, to) = (vault.cpi_handle_mut(), to.cpi_handle_mut());
    token::transfer_checked(coin.program.address(), from, coin.mint, to, pool.cpi_handle(), amount, &[signer]);
}

/// Pays `amount` atoms out of an array's vault.
pub fn pay_from_array(
    array: &Account<JobArray>,
    vault: &mut Account<TokenAccount>,
    coin: Coin,
    to: CpiHandleMut,
    amount: u64,
) {
    let (tenant, index, bump) = (array.tenant, array.index.to_le_bytes(), [array.bump]);
    let signer: &[&[u8]] = &[seeds::ARRAY, tenant.as_ref(), &index, &bump];
    let from = vault.cpi_handle_mut();
    token::transfer_checked(coin.program.address(), from, coin.mint, to, array.cpi_handle(), amount, &[signer]);
}

/// Closes an array's empty vault; its rent goes to `destination`.
pub fn close_array_vault(
    array: &Account<JobArray>,
    vault: &mut Account<TokenAccount>,
    destination: CpiHandleMut,
    program: &Address,
) {
    let (tenant, index, bump) = (array.tenant, array.index.to_le_bytes(), [array.bump]);
    let signer: &[&[u8]] = &[seeds::ARRAY, tenant.as_ref(), &index, &bump];
    token::close_account(program, vault.cpi_handle_mut(), destination, array.cpi_handle(), &[signer]);
}
