use anchor_lang::prelude::*;

use super::initialize_config::ConfigArgs;
use crate::{
    error::MarketError,
    events::{AuthorityNamed, ConfigChanged},
    state::{Config, QueuedConfig},
};

/// Nobody needs to sign: the timelock has been seen by all.
#[derive(Accounts)]
pub struct ApplyConfig {
    #[account(mut)]
    pub config: Account<Config>,
    #[account(mut, close = rent_payer)]
    pub queued: Account<QueuedConfig>,
    #[account(mut, address = queued.rent_payer @ MarketError::NotAuthority)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<ApplyConfig>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(now >= a.queued.eta, MarketError::TimelockRunning);
    let args = ConfigArgs::load(&a.queued.args, a.queued.length)?;
    args.write(&mut a.config)?;
    // A name with a typo must not lose the program: whoever is named governs once they accept.
    let named = args.authority != a.config.authority;
    a.config.pending_authority = if named { args.authority } else { Address::default() };
    if named {
        emit!(AuthorityNamed { authority: args.authority });
    }
    emit!(ConfigChanged { authority: a.config.authority, fee_bps: a.config.fee_bps, paused: a.config.paused });
    Ok(())
}
