//! Every program-derived address, from the seeds in `proofmill_protocol::seeds`.

use proofmill_protocol::seeds;
use solana_address::Address;

use crate::{arbiter, market};

fn of_market(parts: &[&[u8]]) -> Address {
    Address::find_program_address(parts, &market::ID).0
}

fn of_arbiter(parts: &[&[u8]]) -> Address {
    Address::find_program_address(parts, &arbiter::ID).0
}

/// The market's `Config`.
pub fn market_config() -> Address {
    of_market(&[seeds::CONFIG])
}

/// `MintRule` of a payment mint.
pub fn mint_rule(mint: &Address) -> Address {
    of_market(&[seeds::MINT_RULE, mint.as_ref()])
}

/// Token account that pays re-executions in `mint`.
pub fn audit_budget(mint: &Address) -> Address {
    of_market(&[seeds::AUDIT_BUDGET, mint.as_ref()])
}

/// `Provider` of an owner.
pub fn provider(owner: &Address) -> Address {
    of_market(&[seeds::PROVIDER, owner.as_ref()])
}

/// `Stake` of an owner.
pub fn stake(owner: &Address) -> Address {
    of_market(&[seeds::STAKE, owner.as_ref()])
}

/// Vault of a stake.
pub fn stake_vault(stake: &Address) -> Address {
    of_market(&[seeds::STAKE_VAULT, stake.as_ref()])
}

/// `Offer` number `index` of a `Provider` account.
pub fn offer(provider: &Address, index: u16) -> Address {
    of_market(&[seeds::OFFER, provider.as_ref(), &index.to_le_bytes()])
}

/// `Job` number `index` of a tenant.
pub fn job(tenant: &Address, index: u64) -> Address {
    of_market(&[seeds::JOB, tenant.as_ref(), &index.to_le_bytes()])
}

/// Vault of a job.
pub fn vault(job: &Address) -> Address {
    of_market(&[seeds::VAULT, job.as_ref()])
}

/// `Bid` of a `Provider` account on a job.
pub fn bid(job: &Address, provider: &Address) -> Address {
    of_market(&[seeds::BID, job.as_ref(), provider.as_ref()])
}

/// The arbiter's configuration.
pub fn arbiter_config() -> Address {
    of_arbiter(&[seeds::CONFIG])
}

/// The arbiter's roster.
pub fn roster() -> Address {
    of_arbiter(&[seeds::ROSTER])
}

/// `ValidatorSet` of an epoch.
pub fn validator_set(epoch: u32) -> Address {
    of_arbiter(&[seeds::VALIDATOR_SET, &epoch.to_le_bytes()])
}

/// `ExecutorList` of a class.
pub fn executors(class_key: &[u8; 32]) -> Address {
    of_arbiter(&[seeds::EXECUTORS, class_key])
}

/// `Round` 1 or 2 of a job's attempt.
pub fn round(job: &Address, attempt: u16, index: u8) -> Address {
    of_arbiter(&[seeds::ROUND, job.as_ref(), &attempt.to_le_bytes(), &[index]])
}

/// `Verdict` on a job's attempt.
pub fn verdict(job: &Address, attempt: u16) -> Address {
    of_arbiter(&[seeds::VERDICT, job.as_ref(), &attempt.to_le_bytes()])
}

/// Associated token account of `owner` for a mint of the classic token program.
pub fn token_account(owner: &Address, mint: &Address) -> Address {
    const ASSOCIATED: Address = solana_address::address!("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
    Address::find_program_address(&[owner.as_ref(), TOKEN_PROGRAM.as_ref(), mint.as_ref()], &ASSOCIATED).0
}

/// The classic token program.
pub const TOKEN_PROGRAM: Address = solana_address::address!("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA");
/// The associated token account program.
pub const ASSOCIATED_TOKEN_PROGRAM: Address = solana_address::address!("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL");
/// The slot hashes sysvar: the local networks' beacon.
pub const SLOT_HASHES: Address = solana_address::address!("SysvarS1otHashes111111111111111111111111111");
