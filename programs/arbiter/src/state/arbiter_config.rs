use anchor_lang::prelude::*;
use market::state::Config as MarketConfig;
use proofmill_protocol::{limits, quorum::Rule, witness::is_supermajority};

use crate::{beacon, error::ArbiterError};

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
    /// `beacon::SLOT_HASHES` or `beacon::DRAND`.
    pub beacon_kind: u8,
    /// Seconds in which re-executions come and seats commit, at most.
    pub commit_window_seconds: u32,
    /// Seconds in which seats reveal what they committed to.
    pub reveal_window_seconds: u32,
    /// Least life of a validator set, seconds.
    pub epoch_seconds: u32,
    /// Epoch of the present set; zero before the first.
    pub epoch: u32,
    /// Epoch of the newest set: one ahead of the present one.
    pub frozen_epoch: u32,
    /// What decides about events before `beacon_since`.
    pub beacon_before: u8,
    pub reserved_b: [u8; 3],
    pub epoch_started_at: i64,
    pub authority: Address,
    /// The market's `Config` account.
    pub market_config: Address,
    /// The same domain as the market's: in everything signed.
    pub domain: [u8; 32],
    /// From when on `beacon_kind` decides: a change of the kind draws nothing anew.
    pub beacon_since: i64,
    pub reserved_c: [u8; 24],
    pub reserved: [u8; 32],
    /// Named as the next authority by an applied change; governs once it accepts. Zero if there is none.
    pub pending_authority: Address,
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
            // Silence must not be worth buying: more than two thirds have to speak.
            && is_supermajority(u64::from(self.reveals_min), u64::from(self.committee))
            // Whoever convicts is at least two thirds of the committee.
            && u16::from(self.escalated_threshold).saturating_mul(3) >= u16::from(self.escalated_committee).saturating_mul(2)
            && self.commit_window_seconds >= 1
            && self.reveal_window_seconds >= 1
            && self.rounds_seconds() <= limits::VERDICT_WINDOW_SECONDS_MAX
            && self.epoch_seconds >= 1
            && matches!(self.beacon_kind, beacon::SLOT_HASHES | beacon::DRAND);
        require!(bounded, ArbiterError::ConfigOutOfBounds);
        Ok(())
    }

    /// Seconds that a first and an escalated round take at most.
    fn rounds_seconds(&self) -> u32 {
        let round = self.commit_window_seconds.saturating_add(self.reveal_window_seconds);
        round.saturating_mul(u32::from(limits::ROUNDS_MAX))
    }

    /// How long an epoch draws committees, and how old a weight may be when it is frozen, seconds.
    pub fn overrun_seconds(&self) -> u32 {
        self.epoch_seconds.saturating_mul(limits::EPOCH_OVERRUN)
    }

    /// Seconds for which a stake may still be at stake after it was weighed, and began to leave the moment after. It may
    /// be frozen that much later, waits for the present epoch to end, serves one, and then the rounds end.
    pub fn liable_seconds(&self) -> u32 {
        self.overrun_seconds().saturating_mul(3).saturating_add(self.rounds_seconds())
    }

    /// Nobody's stake may leave before the last moment at which it is liable.
    pub fn require_liable(&self, market: &MarketConfig) -> Result<()> {
        require!(market.unbonding_seconds >= self.liable_seconds(), ArbiterError::UnbondingTooShort);
        Ok(())
    }

    /// The kind of beacon that decides about what happened at `event_at`: one answer, whenever it is asked.
    pub fn beacon_at(&self, event_at: i64) -> u8 {
        if event_at < self.beacon_since {
            self.beacon_before
        } else {
            self.beacon_kind
        }
    }

    /// Puts another kind of beacon in force for what happens from now on.
    pub fn change_beacon(&mut self, kind: u8, now: i64) -> Result<()> {
        if kind != self.beacon_kind {
            let settled = self.beacon_since.saturating_add(limits::BEACON_CHANGE_SECONDS);
            require!(self.beacon_since == 0 || now > settled, ArbiterError::BeaconChangedLately);
            self.beacon_before = self.beacon_kind;
            self.beacon_kind = kind;
            self.beacon_since = now;
        }
        Ok(())
    }

    /// The instant up to which the present set draws committees; later its stakes may have left.
    pub fn draws_until(&self) -> i64 {
        self.epoch_started_at.saturating_add(i64::from(self.overrun_seconds()))
    }

    /// The rule of a first round, or of every later one.
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
