use anchor_lang::prelude::*;
use proofmill_protocol::{drand::Schedule, limits};

use crate::error::ArbiterError;

/// The drand network whose rounds decide. Written once and never again: whoever could change it could draw again.
#[account]
pub struct DrandConfig {
    pub version: u8,
    pub bump: u8,
    pub reserved_a: [u8; 6],
    /// Seconds from one round to the next.
    pub period_seconds: u32,
    /// Seconds from an event to the earliest round that may decide about it.
    pub margin_seconds: u32,
    /// When round 1 was due, unix seconds.
    pub genesis_at: i64,
    /// Names the network for people and daemons; nothing is computed from it.
    pub chain_hash: [u8; 32],
    /// The group's public key on G2, `x1 | x0 | y1 | y0`, each 32 bytes big-endian.
    pub public_key: [u8; 128],
    pub reserved: [u8; 32],
}

impl DrandConfig {
    pub fn schedule(&self) -> Schedule {
        Schedule {
            genesis_at: self.genesis_at,
            period_seconds: self.period_seconds,
            margin_seconds: self.margin_seconds,
        }
    }

    /// The bounds that hold whoever governs.
    pub fn invariant(&self) -> Result<()> {
        let bounded = self.genesis_at > 0
            && (1..=limits::BEACON_PERIOD_SECONDS_MAX).contains(&self.period_seconds)
            && (limits::BEACON_MARGIN_SECONDS_MIN..=limits::BEACON_MARGIN_SECONDS_MAX).contains(&self.margin_seconds);
        require!(bounded, ArbiterError::ConfigOutOfBounds);
        Ok(())
    }

    /// The deciding round comes in the first half of the time in which a receipt may be drawn for an audit, so that as
    /// much is left to open the audit before the receipt settles unaudited.
    pub fn require_within(&self, challenge_window_seconds: u32) -> Result<()> {
        let wait = self.margin_seconds.saturating_add(self.period_seconds);
        require!(wait.saturating_mul(2) <= challenge_window_seconds, ArbiterError::MarginOutOfBounds);
        Ok(())
    }
}
