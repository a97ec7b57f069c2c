use anchor_lang::prelude::*;
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
    pub attest_window_seconds: u32,
    pub epoch_seconds: u32,
}

impl ArbiterArgs {
    pub fn write(&self, config: &mut Account<ArbiterConfig>) -> Result<()> {
        config.authority = self.authority;
        config.committee = self.committee;
        config.threshold = self.threshold;
        config.reveals_min = self.reveals_min;
        config.escalated_committee = self.escalated_committee;
        config.escalated_threshold = self.escalated_threshold;
        config.attest_window_seconds = self.attest_window_seconds;
        config.epoch_seconds = self.epoch_seconds;
        config.invariant()?;
        emit!(ArbiterChanged { authority: self.authority, committee: self.committee, threshold: self.threshold });
        Ok(())
    }
}

#[derive(Accounts)]
pub struct InitializeArbiter {
    /// The market's authority: nobody else may set up its arbiter.
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
    args.write(&mut a.config)
}
