use anchor_lang::prelude::*;
use proofmill_protocol::{drand, seeds};

use crate::{
    curve::Syscalls,
    error::{self, ArbiterError},
    events::DrandInitialized,
    state::{ArbiterConfig, DrandConfig, LAYOUT_VERSION},
};

/// A drand network, as its members publish it.
#[derive(Clone, Copy, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct DrandNetwork {
    pub public_key: [u8; 128],
    pub chain_hash: [u8; 32],
    /// When round 1 was due, unix seconds.
    pub genesis_at: i64,
    pub period_seconds: u32,
    /// Seconds from an event to the earliest round that may decide about it: ours, not the network's.
    pub margin_seconds: u32,
}

#[derive(Accounts)]
pub struct InitializeDrand {
    #[account(mut, address = config.authority @ ArbiterError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<ArbiterConfig>,
    #[account(init, payer = authority, seeds = [seeds::DRAND], bump)]
    pub drand: Account<DrandConfig>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<InitializeDrand>, args: DrandNetwork) -> Result<()> {
    let drand = &mut ctx.accounts.drand;
    drand.version = LAYOUT_VERSION;
    drand.bump = ctx.bumps.drand;
    drand.period_seconds = args.period_seconds;
    drand.margin_seconds = args.margin_seconds;
    drand.genesis_at = args.genesis_at;
    drand.chain_hash = args.chain_hash;
    drand.public_key = args.public_key;
    drand.invariant()?;
    drand::check_key::<Syscalls>(&args.public_key).map_err(error::drand)?;
    emit!(DrandInitialized {
        chain_hash: args.chain_hash,
        genesis_at: args.genesis_at,
        period_seconds: args.period_seconds,
        margin_seconds: args.margin_seconds,
    });
    Ok(())
}
