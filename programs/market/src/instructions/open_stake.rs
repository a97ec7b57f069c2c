use anchor_lang::prelude::*;
use proofmill_protocol::seeds;

use crate::{
    error::MarketError,
    events::StakeOpened,
    state::{Config, Stake, LAYOUT_VERSION},
    token::{self, Mint, TokenInterface, Vault},
};

#[derive(Accounts)]
pub struct OpenStake {
    #[account(mut)]
    pub owner: Signer,
    pub config: Account<Config>,
    #[account(address = config.stake_mint @ MarketError::StakeMintDiffers)]
    pub mint: Account<Mint>,
    #[account(init, payer = owner, seeds = [seeds::STAKE, owner.address().as_ref()], bump)]
    pub stake: Account<Stake>,
    #[account(
        init, payer = owner, seeds = [seeds::STAKE_VAULT, stake.address().as_ref()], bump,
        token::mint = mint, token::authority = stake, token::token_program = token_program
    )]
    pub vault: Account<Vault>,
    pub token_program: Interface<'static, TokenInterface>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<OpenStake>) -> Result<()> {
    let a = &mut ctx.accounts;
    a.stake.version = LAYOUT_VERSION;
    a.stake.bump = ctx.bumps.stake;
    a.stake.vault_bump = ctx.bumps.vault;
    a.stake.token_program = token::program_code(&a.mint);
    a.stake.owner = *a.owner.address();
    a.stake.mint = *a.mint.address();
    a.stake.vault = *a.vault.address();
    emit!(StakeOpened { stake: *a.stake.address(), owner: *a.owner.address() });
    Ok(())
}
