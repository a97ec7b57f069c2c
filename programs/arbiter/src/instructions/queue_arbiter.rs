use anchor_lang::prelude::*;
use market::state::Config as MarketConfig;
use proofmill_protocol::seeds;

use super::initialize_arbiter::ArbiterArgs;
use crate::{
    error::ArbiterError,
    events::ArbiterQueued,
    state::{ArbiterConfig, QueuedArbiter, LAYOUT_VERSION},
};

#[derive(Accounts)]
pub struct QueueArbiter {
    #[account(mut, address = config.authority @ ArbiterError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<ArbiterConfig>,
    /// One timelock for both programs.
    #[account(address = config.market_config @ ArbiterError::ForeignMarket)]
    pub market_config: Account<MarketConfig>,
    #[account(init, payer = authority, seeds = [seeds::QUEUED_CONFIG], bump)]
    pub queued: Account<QueuedArbiter>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<QueueArbiter>, args: ArbiterArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    // What could not be applied is refused now, and checked again then.
    let mut next: ArbiterConfig = *a.config;
    let now = Clock::get()?.unix_timestamp;
    next.change_beacon(args.beacon_kind, now.saturating_add(i64::from(a.market_config.timelock_seconds)))?;
    args.write(&mut next)?;
    next.require_liable(&a.market_config)?;
    a.queued.version = LAYOUT_VERSION;
    a.queued.bump = ctx.bumps.queued;
    a.queued.rent_payer = *a.authority.address();
    a.queued.eta = now.saturating_add(i64::from(a.market_config.timelock_seconds));
    let length = args.store(&mut a.queued.args)?;
    a.queued.length = u16::try_from(length).map_err(|_| ArbiterError::ConfigOutOfBounds)?;
    let used = a.queued.args.get(..length).ok_or(ArbiterError::ConfigOutOfBounds)?;
    a.queued.hash = sha256(used);
    emit!(ArbiterQueued { eta: a.queued.eta, hash: a.queued.hash });
    Ok(())
}
