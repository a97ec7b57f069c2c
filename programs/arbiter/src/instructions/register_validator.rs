use anchor_lang::prelude::*;
use market::{
    signature::is_signing_key,
    state::{Config as MarketConfig, Stake},
};
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

pub fn handle(ctx: &mut Context<RegisterValidator>, vote_key: [u8; 32], delegate: Address) -> Result<()> {
    let a = &mut ctx.accounts;
    a.config.require_liable(&a.market_config)?;
    require!(a.stake.balances().free() >= a.market_config.validator_stake_min, ArbiterError::StakeTooSmall);
    let identity = a.validator.address().to_bytes();
    require!(a.roster.position(&identity).is_none(), ArbiterError::AlreadyRegistered);
    let count = usize::from(a.roster.count);
    // One key for two seats would count twice.
    let taken = a.roster.vote_keys.iter().take(count).any(|key| *key == vote_key);
    require!(!taken, ArbiterError::VoteKeyTaken);
    require!(is_signing_key(&vote_key), ArbiterError::VoteKeyInvalid);
    require!(delegate != Address::default(), ArbiterError::DelegateInvalid);
    require!(count < limits::VALIDATORS_MAX, ArbiterError::RosterFull);
    a.roster.identities[count] = identity;
    a.roster.vote_keys[count] = vote_key;
    a.roster.delegates[count] = delegate.to_bytes();
    a.roster.weights[count] = a.stake.bonded;
    a.roster.weighed_at[count] = Clock::get()?.unix_timestamp;
    a.roster.endpoints[count] = [0; 18];
    a.roster.count = a.roster.count.saturating_add(1);
    emit!(ValidatorRegistered { validator: *a.validator.address(), vote_key, delegate, weight: a.stake.bonded });
    Ok(())
}
