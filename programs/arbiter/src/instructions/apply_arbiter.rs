use anchor_lang::prelude::*;
use market::state::Config as MarketConfig;
use proofmill_protocol::seeds;

use super::initialize_arbiter::ArbiterArgs;
use crate::{
    beacon,
    error::ArbiterError,
    events::{ArbiterAuthorityNamed, ArbiterChanged},
    state::{ArbiterConfig, DrandConfig, QueuedArbiter},
};

/// Nobody needs to sign: the timelock has been seen by all.
#[derive(Accounts)]
pub struct ApplyArbiter {
    #[account(mut)]
    pub config: Account<ArbiterConfig>,
    #[account(address = config.market_config @ ArbiterError::ForeignMarket)]
    pub market_config: Account<MarketConfig>,
    /// The drand network, needed only if its rounds are to decide.
    #[account(seeds = [seeds::DRAND], bump)]
    pub drand: UncheckedAccount,
    #[account(mut, close = rent_payer)]
    pub queued: Account<QueuedArbiter>,
    #[account(mut, address = queued.rent_payer @ ArbiterError::NotRentPayer)]
    pub rent_payer: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<ApplyArbiter>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    require!(now >= a.queued.eta, ArbiterError::TimelockRunning);
    let args = ArbiterArgs::load(&a.queued.args, a.queued.length)?;
    a.config.change_beacon(args.beacon_kind, now)?;
    args.write(&mut a.config)?;
    // The market may have changed since this was queued.
    a.config.require_liable(&a.market_config)?;
    if args.beacon_kind == beacon::DRAND {
        let view = *a.drand.account();
        require!(view.owned_by(&crate::ID), ArbiterError::NotBeacon);
        Account::<DrandConfig>::load(view)?.require_within(a.market_config.challenge_window_seconds)?;
    }
    // As in the market: whoever is named governs once they accept.
    let named = args.authority != a.config.authority;
    a.config.pending_authority = if named { args.authority } else { Address::default() };
    if named {
        emit!(ArbiterAuthorityNamed { authority: args.authority });
    }
    emit!(ArbiterChanged { authority: a.config.authority, committee: args.committee, threshold: args.threshold });
    Ok(())
}
