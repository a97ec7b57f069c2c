use anchor_lang::prelude::*;
use proofmill_protocol::limits;

use crate::error::MarketError;

/// Parameters of one deployment. One per program.
#[account]
pub struct Config {
    pub version: u8,
    pub bump: u8,
    /// Bit 0: openings (posts, matches, offers, bids) are refused. Exits never pause.
    pub paused: u8,
    /// 1 if simulated devices may register and be matched (local networks).
    pub allow_simulated: u8,
    /// Platform fee, basis points of the provider's gross.
    pub fee_bps: u16,
    /// Share of the fee that fills the audit budget, basis points of the fee.
    pub audit_share_bps: u16,
    /// Uptime a provider must keep, basis points.
    pub uptime_min_bps: u16,
    /// Least share of a proven provider's receipts that is audited, basis points.
    pub audit_floor_bps: u16,
    /// Device memory below which a GPU is refused, MiB.
    pub vram_mib_min: u32,
    /// Consecutive accepted receipts before a provider is audited less than always.
    pub proven_after: u32,
    /// Seconds from match to start.
    pub start_window_seconds: u32,
    /// Seconds from the end of the reserved run to the receipt.
    pub receipt_grace_seconds: u32,
    /// Seconds an unaudited receipt stays open to an audit.
    pub challenge_window_seconds: u32,
    /// Seconds from receipt to the written default, if nobody judges.
    pub verdict_window_seconds: u32,
    /// Seconds that unbonding takes.
    pub unbonding_seconds: u32,
    pub provider_stake_min: u64,
    pub validator_stake_min: u64,
    /// Who may change this account: any address (a multisig, a DAO).
    pub authority: Address,
    /// The program whose verdicts count.
    pub arbiter: Address,
    pub stake_mint: Address,
    /// Owner of the token accounts that receive swept fees and slashed stake.
    pub treasury: Address,
    /// `sha256(genesis hash | program id)`: in everything signed.
    pub domain: [u8; 32],
    /// Validators that must agree at least: 3 in the original contract.
    pub threshold: u8,
    pub reserved_a: [u8; 7],
    pub reserved: [u8; 64],
}

/// `paused` bit: openings.
pub const PAUSE_OPENINGS: u8 = 1;

impl Config {
    /// The bounds that hold whoever governs.
    pub fn invariant(&self) -> Result<()> {
        let bounded = self.fee_bps <= limits::FEE_BPS_MAX
            && self.audit_share_bps <= limits::AUDIT_SHARE_BPS_MAX
            && self.uptime_min_bps <= 10_000
            && self.audit_floor_bps >= limits::AUDIT_BPS_MIN
            && self.audit_floor_bps <= 10_000
            && self.threshold >= limits::THRESHOLD_MIN
            && self.start_window_seconds >= 1
            && self.start_window_seconds <= limits::START_WINDOW_SECONDS_MAX
            && self.receipt_grace_seconds <= limits::RECEIPT_GRACE_SECONDS_MAX
            && self.challenge_window_seconds <= limits::CHALLENGE_WINDOW_SECONDS_MAX
            && self.verdict_window_seconds >= self.challenge_window_seconds
            && self.verdict_window_seconds <= limits::VERDICT_WINDOW_SECONDS_MAX
            && self.unbonding_seconds >= limits::UNBONDING_SECONDS_MIN;
        require!(bounded, MarketError::ConfigOutOfBounds);
        Ok(())
    }

    /// Openings stop when paused; exits never do.
    pub fn require_open(&self) -> Result<()> {
        require!(self.paused & PAUSE_OPENINGS == 0, MarketError::OpeningsPaused);
        Ok(())
    }
}
