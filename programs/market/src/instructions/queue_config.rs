use anchor_lang::prelude::*;
use proofmill_protocol::seeds;

use super::initialize_config::ConfigArgs;
use crate::{
    error::MarketError,
    events::ConfigQueued,
    state::{Config, QueuedConfig, LAYOUT_VERSION},
};

#[derive(Accounts)]
pub struct QueueConfig {
    #[account(mut, address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    pub config: Account<Config>,
    /// One at a time: what waits is what everybody looks at.
    #[account(init, payer = authority, seeds = [seeds::QUEUED_CONFIG], bump)]
    pub queued: Account<QueuedConfig>,
    pub system_program: Program<System>,
}

pub fn handle(ctx: &mut Context<QueueConfig>, args: ConfigArgs) -> Result<()> {
    let a = &mut ctx.accounts;
    // What could not be applied is refused now, and checked again then.
    let mut next: Config = *a.config;
    args.write(&mut next)?;
    let now = Clock::get()?.unix_timestamp;
    a.queued.version = LAYOUT_VERSION;
    a.queued.bump = ctx.bumps.queued;
    a.queued.rent_payer = *a.authority.address();
    a.queued.eta = now.saturating_add(i64::from(a.config.timelock_seconds));
    let length = args.store(&mut a.queued.args)?;
    a.queued.length = u16::try_from(length).map_err(|_| MarketError::ConfigOutOfBounds)?;
    let used = a.queued.args.get(..length).ok_or(MarketError::ConfigOutOfBounds)?;
    a.queued.hash = sha256(used);
    emit!(ConfigQueued { eta: a.queued.eta, hash: a.queued.hash });
    Ok(())
}
