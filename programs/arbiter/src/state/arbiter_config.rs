use anchor_lang::prelude::*;
use proofmill_protocol::{limits, quorum::Rule};

use crate::error::ArbiterError;

/// Parameters of judging. One per program.
#[account]
pub struct ArbiterConfig {
    pub version: u8,
    pub bump: u8,
    /// Seats of a first round, how many must agree, how many must have spoken.
    pub committee: u8,
    pub threshold: u8,
    pub reveals_min: u8,
    /// The same for an escalated round.
    pub escalated_committee: u8,
    pub escalated_threshold: u8,
    pub reserved_a: u8,
    /// Seconds a round stays open to attestations.
    pub attest_window_seconds: u32,
    /// Least life of a validator set, seconds.
    pub epoch_seconds: u32,
    /// Epoch of the present set; zero before the first.
    pub epoch: u32,
    pub reserved_b: [u8; 4],
    pub epoch_started_at: i64,
    pub authority: Address,
    /// The market's `Config` account.
    pub market_config: Address,
    /// The same domain as the market's: in everything signed.
    pub domain: [u8; 32],
    pub reserved: [u8; 64],
}

impl ArbiterConfig {
    /// The bounds that hold whoever governs.
    pub fn invariant(&self) -> Result<()> {
        let seats_max = limits::COMMITTEE_MAX as u8;
        let majority = |threshold: u8, seats: u8| u16::from(threshold).saturating_mul(2) > u16::from(seats);
        let bounded = self.committee <= seats_max
            && self.escalated_committee <= seats_max
            && self.threshold >= limits::THRESHOLD_MIN
            && self.escalated_threshold >= limits::THRESHOLD_MIN
            && self.threshold <= self.committee
            && self.escalated_threshold <= self.escalated_committee
            && majority(self.threshold, self.committee)
            && majority(self.escalated_threshold, self.escalated_committee)
            && self.reveals_min >= self.threshold
            && self.reveals_min <= self.committee
            && self.attest_window_seconds >= 1
            && self.attest_window_seconds.saturating_mul(u32::from(limits::ROUNDS_MAX))
                <= limits::VERDICT_WINDOW_SECONDS_MAX
            && self.epoch_seconds >= 1;
        require!(bounded, ArbiterError::ConfigOutOfBounds);
        Ok(())
    }

    /// The rule of round 1 or 2.
    pub fn rule(&self, round: u8) -> Rule {
        if round <= 1 {
            Rule {
                committee: self.committee,
                threshold: self.threshold,
                reveals_min: self.reveals_min,
                unanimous: true,
            }
        } else {
            Rule {
                committee: self.escalated_committee,
                threshold: self.escalated_threshold,
                reveals_min: self.escalated_threshold,
                unanimous: false,
            }
        }
    }
}
