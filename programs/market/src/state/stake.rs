use anchor_lang::prelude::*;
use proofmill_protocol::stake::Balances;

/// Collateral of a provider or a validator, with a vault of its own.
#[account]
pub struct Stake {
    pub version: u8,
    pub bump: u8,
    pub vault_bump: u8,
    pub reserved_a: u8,
    /// Jobs that hold a lock.
    pub active_jobs: u32,
    pub bonded: u64,
    /// Part of `bonded` pledged to jobs.
    pub locked: u64,
    pub unbonding: u64,
    pub releasable_at: i64,
    /// Slashed and not yet swept out of the vault.
    pub slashed: u64,
    pub slashed_total: u64,
    pub owner: Address,
    pub mint: Address,
    pub vault: Address,
    pub reserved: [u8; 32],
}

impl Stake {
    pub fn balances(&self) -> Balances {
        Balances {
            bonded: self.bonded,
            locked: self.locked,
            unbonding: self.unbonding,
            releasable_at: self.releasable_at,
            slashed: self.slashed,
        }
    }

    pub fn set_balances(&mut self, b: Balances) {
        self.bonded = b.bonded;
        self.locked = b.locked;
        self.unbonding = b.unbonding;
        self.releasable_at = b.releasable_at;
        self.slashed = b.slashed;
    }
}
