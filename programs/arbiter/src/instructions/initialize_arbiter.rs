use anchor_lang::{prelude::*, wincode, BORSH_CONFIG};
use market::state::Config as MarketConfig;
use proofmill_protocol::seeds;

use crate::{
    error::ArbiterError,
    events::ArbiterChanged,
    state::{ArbiterConfig, Roster, LAYOUT_VERSION},
};

/// Every parameter that governance may set.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct ArbiterArgs {
    pub authority: Address,
    pub committee: u8,
    pub threshold: u8,
    pub reveals_min: u8,
    pub escalated_committee: u8,
    pub escalated_threshold: u8,
    pub commit_window_seconds: u32,
    pub reveal_window_seconds: u32,
    pub epoch_seconds: u32,
    /// Which beacon decides: 1 slot hashes, 2 drand.
    pub beacon_kind: u8,
}

/// Room for serialized arguments in the queue's account.
pub const QUEUED_ARGS_LEN: usize = 256;

impl ArbiterArgs {
    /// Serializes into `out`; the number of bytes used.
    pub fn store(&self, out: &mut [u8; QUEUED_ARGS_LEN]) -> Result<usize> {
        let length =
            wincode::config::serialized_size(self, BORSH_CONFIG).map_err(|_| ArbiterError::ConfigOutOfBounds)?;
        let length = usize::try_from(length).map_err(|_| ArbiterError::ConfigOutOfBounds)?;
        let free = out.get_mut(..length).ok_or(ArbiterError::ConfigOutOfBounds)?;
        wincode::config::serialize_into(free, self, BORSH_CONFIG).map_err(|_| ArbiterError::ConfigOutOfBounds)?;
        Ok(length)
    }

    /// Reads what `store` wrote.
    pub fn load(bytes: &[u8; QUEUED_ARGS_LEN], length: u16) -> Result<Self> {
        let used = bytes.get(..usize::from(length)).ok_or(ArbiterError::ConfigOutOfBounds)?;
        wincode::config::deserialize_exact(used, BORSH_CONFIG).map_err(|_| ArbiterError::ConfigOutOfBounds.into())
    }

    /// Writes every parameter but who governs and which beacon decides: those have rules of their own.
    pub fn write(&self, config: &mut ArbiterConfig) -> Result<()> {
        config.committee = self.committee;
        config.threshold = self.threshold;
        config.reveals_min = self.reveals_min;
        config.escalated_committee = self.escalated_committee;
        config.escalated_threshold = self.escalated_threshold;
        config.commit_window_seconds = self.commit_window_seconds;
        config.reveal_window_seconds = self.reveal_window_seconds;
        config.epoch_seconds = self.epoch_seconds;
        config.invariant()
    }
}

#[derive(Accounts)]
pub struct InitializeArbiter {
    /// The market's authority: nobody else may set up its arbiter. Who that is, the upgrade authority of the market
    /// has said, so there is nothing here to be first at.
    #[account(mut, address = market_config.authority @ ArbiterError::NotAuthority)]
    pub authority: Signer,
    #[account(constraint = market_config.arbiter == crate::ID @ ArbiterError::ForeignMarket)]
    pub market_config: Account<MarketConfig>,
    #[account(init, payer = authority, seeds = [seeds::CONFIG], bump)]
    pub config: Account<ArbiterConfig>,
    #[account(init, payer = authority, seeds = [seeds::ROSTER], bump)]
    pub roster: Account<Roster>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<InitializeArbiter>, args: ArbiterArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.version = LAYOUT_VERSION;
    a.config.bump = ctx.bumps.config;
    a.config.market_config = *a.market_config.address();
    a.config.domain = a.market_config.domain;
    a.roster.version = LAYOUT_VERSION;
    a.roster.bump = ctx.bumps.roster;
    a.config.authority = args.authority;
    a.config.beacon_kind = args.beacon_kind;
    a.config.beacon_before = args.beacon_kind;
    args.write(&mut a.config)?;
    a.config.require_liable(&a.market_config)?;
    emit!(ArbiterChanged { authority: args.authority, committee: args.committee, threshold: args.threshold });
    Ok(())
}
