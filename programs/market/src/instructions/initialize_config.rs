use anchor_lang::{prelude::*, wincode, BORSH_CONFIG};
use proofmill_protocol::seeds;

use crate::{
    deployment::require_upgrade_authority,
    error::MarketError,
    events::ConfigChanged,
    state::{Config, LAYOUT_VERSION},
    token::{self, Mint},
};

/// Every parameter that governance may set. `domain` and `paused` count at initialisation only.
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
    pub burn_share_bps: u16,
    pub slash_cap_bps: u16,
    pub outflow_bps: u32,
    pub slash_window_seconds: u32,
    pub appeal_seconds: u32,
    pub timelock_seconds: u32,
    pub usage_timeout_seconds: u32,
    pub missed_reveal_slash: u64,
    pub bid_deposit: u64,
    pub native_mint: Address,
    pub guardian: Address,
}

/// Room for serialized arguments in a queue's account.
pub const QUEUED_ARGS_LEN: usize = 512;

impl ConfigArgs {
    /// Serializes into `out`; the number of bytes used.
    pub fn store(&self, out: &mut [u8; QUEUED_ARGS_LEN]) -> Result<usize> {
        let length =
            wincode::config::serialized_size(self, BORSH_CONFIG).map_err(|_| MarketError::ConfigOutOfBounds)?;
        let length = usize::try_from(length).map_err(|_| MarketError::ConfigOutOfBounds)?;
        let free = out.get_mut(..length).ok_or(MarketError::ConfigOutOfBounds)?;
        wincode::config::serialize_into(free, self, BORSH_CONFIG).map_err(|_| MarketError::ConfigOutOfBounds)?;
        Ok(length)
    }

    /// Reads what `store` wrote.
    pub fn load(bytes: &[u8; QUEUED_ARGS_LEN], length: u16) -> Result<Self> {
        let used = bytes.get(..usize::from(length)).ok_or(MarketError::ConfigOutOfBounds)?;
        wincode::config::deserialize_exact(used, BORSH_CONFIG).map_err(|_| MarketError::ConfigOutOfBounds.into())
    }

    /// Writes every parameter but the fixed ones, the pause, and who governs: those have rules of their own.
    pub fn write(&self, config: &mut Config) -> Result<()> {
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
        config.burn_share_bps = self.burn_share_bps;
        config.slash_cap_bps = self.slash_cap_bps;
        config.outflow_bps = self.outflow_bps;
        config.slash_window_seconds = self.slash_window_seconds;
        config.appeal_seconds = self.appeal_seconds;
        config.timelock_seconds = self.timelock_seconds;
        config.usage_timeout_seconds = self.usage_timeout_seconds;
        config.missed_reveal_slash = self.missed_reveal_slash;
        config.bid_deposit = self.bid_deposit;
        config.native_mint = self.native_mint;
        config.guardian = self.guardian;
        config.invariant()
    }
}

#[derive(Accounts)]
pub struct InitializeConfig {
    /// The program's upgrade authority: nobody else can be first.
    #[account(mut)]
    pub deployer: Signer,
    /// The program's `ProgramData` account; owner, address and layout are checked.
    pub program_data: UncheckedAccount,
    #[account(init, payer = deployer, seeds = [seeds::CONFIG], bump)]
    pub config: Account<Config>,
    pub stake_mint: Account<Mint>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<InitializeConfig>, args: ConfigArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    require_upgrade_authority(a.program_data.account(), &crate::ID, a.deployer.address())?;
    a.config.version = LAYOUT_VERSION;
    a.config.bump = ctx.bumps.config;
    token::require_allowed(a.stake_mint.view())?;
    a.config.stake_mint = *a.stake_mint.address();
    a.config.stake_token_program = token::program_code(&a.stake_mint);
    a.config.domain = args.domain;
    a.config.authority = args.authority;
    a.config.paused = args.paused;
    args.write(&mut a.config)?;
    emit!(ConfigChanged { authority: args.authority, fee_bps: args.fee_bps, paused: args.paused });
    Ok(())
}
