use anchor_lang::prelude::*;
use market::state::{Config as MarketConfig, Stake};
use proofmill_protocol::limits;

use crate::{
    error::ArbiterError,
    events::ValidatorRegistered,
    state::{ArbiterConfig, Roster},
};

#[derive(Accounts)]
pub struct RegisterValidator {
    pub validator: Signer,
    pub config: Account<ArbiterConfig>,
    #[account(address = config.market_config @ ArbiterError::ForeignMarket)]
    pub market_config: Account<MarketConfig>,
    #[account(constraint = stake.owner == *validator.address() @ ArbiterError::StakeTooSmall)]
    pub stake: Account<Stake>,
    #[account(mut)]
    pub roster: Account<Roster>,
}

pub fn handle(ctx: &mut Context<RegisterValidator>, vote_key: [u8; 32]) -> Result<()> {
    let a = &mut ctx.accounts;
    require!(a.stake.balances().free() >= a.market_config.validator_stake_min, ArbiterError::StakeTooSmall);
    let identity = a.validator.address().to_bytes();
    require!(a.roster.position(&identity).is_none(), ArbiterError::AlreadyRegistered);
    let count = usize::from(a.roster.count);
    // One key for two seats would count twice.
    let taken = a.roster.vote_keys.iter().take(count).any(|key| *key == vote_key);
    require!(!taken && vote_key != [0; 32], ArbiterError::VoteKeyTaken);
    require!(count < limits::VALIDATORS_MAX, ArbiterError::RosterFull);
    a.roster.identities[count] = identity;
    a.roster.vote_keys[count] = vote_key;
    a.roster.count = a.roster.count.saturating_add(1);
    emit!(ValidatorRegistered { validator: *a.validator.address(), vote_key });
    Ok(())
}
