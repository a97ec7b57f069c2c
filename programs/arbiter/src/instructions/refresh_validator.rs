use anchor_lang::prelude::*;
use market::state::{Config as MarketConfig, Stake};

use crate::{
    error::ArbiterError,
    events::ValidatorWeighed,
    state::{ArbiterConfig, Roster},
};

#[derive(Accounts)]
pub struct RefreshValidator {
    pub config: Account<ArbiterConfig>,
    #[account(address = config.market_config @ ArbiterError::ForeignMarket)]
    pub market_config: Account<MarketConfig>,
    /// Whose stake it is says which member is weighed.
    pub stake: Account<Stake>,
    #[account(mut)]
    pub roster: Account<Roster>,
}

/// Counts what is bonded, not what is leaving. Frozen sets stay as they are.
pub fn handle(ctx: &mut Context<RefreshValidator>) -> Result<()> {
    let a = &mut ctx.accounts;
    let at = a.roster.position(&a.stake.owner.to_bytes()).ok_or(ArbiterError::NotRegistered)?;
    let enough = a.stake.bonded >= a.market_config.validator_stake_min;
    let weight = if enough { a.stake.bonded } else { 0 };
    if enough {
        a.roster.weights[at] = weight;
        a.roster.weighed_at[at] = Clock::get()?.unix_timestamp;
    } else {
        a.roster.remove(at);
    }
    emit!(ValidatorWeighed { validator: a.stake.owner, weight });
    Ok(())
}
