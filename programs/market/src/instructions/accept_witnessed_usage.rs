use anchor_lang::prelude::*;
use proofmill_protocol::usage::{UsageWitness, WitnessError};

use crate::{
    error::MarketError,
    service,
    state::{Config, Job},
};

#[derive(Accounts)]
pub struct AcceptWitnessedUsage {
    pub config: Account<Config>,
    #[account(mut)]
    pub job: Account<Job>,
    /// The arbiter's account: owner, length, discriminator, version, job, attempt and life are checked.
    pub witness: UncheckedAccount,
}

pub fn handle(ctx: &mut Context<AcceptWitnessedUsage>) -> Result<()> {
    let a = &mut ctx.accounts;
    let now = Clock::get()?.unix_timestamp;
    service::require_metered(&a.job, now)?;
    let witness = read_witness(&a.config, &a.job, &a.witness)?;
    service::accept_usage(&mut a.job, witness.usage_ms, witness.witnessed_at, now, 1)
}

/// Reads a witness of the usage of `job` out of an account of the arbiter.
fn read_witness(config: &Account<Config>, job: &Account<Job>, account: &UncheckedAccount) -> Result<UsageWitness> {
    let view = account.account();
    require!(view.owned_by(&config.arbiter), MarketError::WitnessForeign);
    let data = view.try_borrow()?;
    let witness = UsageWitness::decode(&data).map_err(|error| match error {
        WitnessError::Length { .. } => MarketError::WitnessLength,
        WitnessError::Discriminator => MarketError::WitnessKind,
        WitnessError::Version(_) => MarketError::WitnessVersion,
    })?;
    require!(witness.job == job.address().to_bytes(), MarketError::WitnessJob);
    require!(witness.attempt == job.attempt, MarketError::WitnessAttempt);
    require!(witness.nonce == job.nonce, MarketError::WitnessLife);
    // The market's own cap, as for verdicts: whatever an arbiter writes, so many validators must stand behind it.
    require!(witness.agreeing >= config.threshold, MarketError::WitnessTooFew);
    Ok(witness)
}
