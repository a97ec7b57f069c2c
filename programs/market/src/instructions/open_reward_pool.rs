// The macro unpacks the instruction's arguments in every pass; the seeds use them in one.
#![allow(unused_variables)]

use anchor_lang::prelude::*;
use proofmill_protocol::seeds;

use crate::{
    error::MarketError,
    events::RewardPoolOpened,
    state::{Config, RewardPool, LAYOUT_VERSION},
    token::{self, Mint, TokenInterface, Vault},
};

/// Anyone, for any epoch.
#[derive(Accounts)]
#[instruction(epoch: u32)]
pub struct OpenRewardPool {
    #[account(mut)]
    pub payer: Signer,
    pub config: Account<Config>,
    #[account(address = config.native_mint @ MarketError::NotNativeMint)]
    pub mint: Account<Mint>,
    #[account(init, payer = payer, seeds = [seeds::REWARD_POOL, &epoch.to_le_bytes()], bump)]
    pub pool: Account<RewardPool>,
    #[account(
        init, payer = payer, seeds = [seeds::REWARD_VAULT, pool.address().as_ref()], bump,
        token::mint = mint, token::authority = pool, token::token_program = token_program
    )]
    pub vault: Account<Vault>,
    pub token_program: Interface<'static, TokenInterface>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<OpenRewardPool>, epoch: u32) -> Result<()> {
    let a = &mut ctx.accounts;
    // Epochs count from one: zero is what a provider has that never claimed.
    require!(epoch > 0, MarketError::CountOutOfBounds);
    a.pool.version = LAYOUT_VERSION;
    a.pool.bump = ctx.bumps.pool;
    a.pool.vault_bump = ctx.bumps.vault;
    a.pool.epoch = epoch;
    a.pool.mint = *a.mint.address();
    a.pool.vault = *a.vault.address();
    a.pool.rent_payer = *a.payer.address();
    emit!(RewardPoolOpened { pool: *a.pool.address(), epoch, mint: a.pool.mint });
    Ok(())
}
