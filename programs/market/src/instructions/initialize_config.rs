use anchor_lang::prelude::*;
use anchor_spl::token::Mint;
use proofmill_protocol::seeds;

use crate::{
    events::ConfigChanged,
    state::{Config, LAYOUT_VERSION},
};

/// Every parameter that governance may set.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct ConfigArgs {
    pub authority: Address,
    pub arbiter: Address,
    pub treasury: Address,
    /// `sha256(genesis hash | program id)`; fixed at initialisation.
    pub domain: [u8; 32],
    pub fee_bps: u16,
    pub audit_share_bps: u16,
    pub uptime_min_bps: u16,
    pub audit_floor_bps: u16,
    pub vram_mib_min: u32,
    pub proven_after: u32,
    pub start_window_seconds: u32,
    pub receipt_grace_seconds: u32,
    pub challenge_window_seconds: u32,
    pub verdict_window_seconds: u32,
    pub unbonding_seconds: u32,
    pub provider_stake_min: u64,
    pub validator_stake_min: u64,
    pub threshold: u8,
    pub allow_simulated: u8,
    pub paused: u8,
}

impl ConfigArgs {
    /// Writes every parameter but the fixed ones.
    pub fn write(&self, config: &mut Account<Config>) -> Result<()> {
        config.authority = self.authority;
        config.arbiter = self.arbiter;
        config.treasury = self.treasury;
        config.fee_bps = self.fee_bps;
        config.audit_share_bps = self.audit_share_bps;
        config.uptime_min_bps = self.uptime_min_bps;
        config.audit_floor_bps = self.audit_floor_bps;
        config.vram_mib_min = self.vram_mib_min;
        config.proven_after = self.proven_after;
        config.start_window_seconds = self.start_window_seconds;
        config.receipt_grace_seconds = self.receipt_grace_seconds;
        config.challenge_window_seconds = self.challenge_window_seconds;
        config.verdict_window_seconds = self.verdict_window_seconds;
        config.unbonding_seconds = self.unbonding_seconds;
        config.provider_stake_min = self.provider_stake_min;
        config.validator_stake_min = self.validator_stake_min;
        config.threshold = self.threshold;
        config.allow_simulated = self.allow_simulated;
        config.paused = self.paused;
        config.invariant()?;
        emit!(ConfigChanged { authority: self.authority, fee_bps: self.fee_bps, paused: self.paused });
        Ok(())
    }
}

#[derive(Accounts)]
pub struct InitializeConfig {
    #[account(mut)]
    pub authority: Signer,
    #[account(init, payer = authority, seeds = [seeds::CONFIG], bump)]
    pub config: Account<Config>,
    pub stake_mint: Account<Mint>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<InitializeConfig>, args: ConfigArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.version = LAYOUT_VERSION;
    a.config.bump = ctx.bumps.config;
    a.config.stake_mint = *a.stake_mint.address();
    a.config.domain = args.domain;
    args.write(&mut a.config)
}
