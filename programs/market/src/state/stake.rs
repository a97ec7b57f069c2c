use anchor_lang::prelude::*;
use proofmill_protocol::{caps::Window, stake::Balances};

use crate::error;

/// Collateral of a provider or a validator, with a vault of its own.
#[account]
pub struct Stake {
    pub version: u8,
    pub bump: u8,
    pub vault_bump: u8,
    /// Which token program holds the vault: `TOKEN_CLASSIC` or `TOKEN_2022`.
    pub token_program: u8,
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
    /// Set aside for slashes that wait, bonds of appeals and unclaimed bounties: neither free nor withdrawable.
    pub pending: u64,
    /// The window over which slashes and verdict payouts are capped: `proofmill_protocol::caps`.
    pub window_started_at: i64,
    pub window_stake: u64,
    pub window_slashed: u64,
    pub window_evidence: u64,
    pub window_outflow: u64,
    pub reserved: [u8; 64],
}

impl Stake {
    pub fn balances(&self) -> Balances {
        Balances {
            bonded: self.bonded,
            locked: self.locked,
            unbonding: self.unbonding,
            releasable_at: self.releasable_at,
            slashed: self.slashed,
            pending: self.pending,
        }
    }

    pub fn set_balances(&mut self, b: Balances) {
        self.bonded = b.bonded;
        self.locked = b.locked;
        self.unbonding = b.unbonding;
        self.releasable_at = b.releasable_at;
        self.slashed = b.slashed;
        self.pending = b.pending;
    }

    /// The caps' window at `now`: a new one, if the last is over.
    pub fn window(&self, now: i64, seconds: u32) -> Result<Window> {
        let mut window = Window {
            started_at: self.window_started_at,
            stake: self.window_stake,
            slashed: self.window_slashed,
            evidence: self.window_evidence,
            outflow: self.window_outflow,
        };
        let stake = self.balances().at_risk().map_err(error::amount)?.saturating_add(self.pending);
        window.roll(now, seconds, stake);
        Ok(window)
    }

    pub fn set_window(&mut self, w: Window) {
        self.window_started_at = w.started_at;
        self.window_stake = w.stake;
        self.window_slashed = w.slashed;
        self.window_evidence = w.evidence;
        self.window_outflow = w.outflow;
    }
}
