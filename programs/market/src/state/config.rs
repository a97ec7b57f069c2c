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
    /// Which token program `stake_mint` belongs to: `TOKEN_CLASSIC` or `TOKEN_2022`.
    pub stake_token_program: u8,
    /// Share of a fee in the native token that is burnt, basis points of the fee.
    pub burn_share_bps: u16,
    /// Most of one stake that verdicts may slash within a slash window, basis points; evidence is not bound by it.
    pub slash_cap_bps: u16,
    pub reserved_b: [u8; 2],
    /// Verdict payouts to one provider within a slash window, at most, basis points of its bonded stake.
    pub outflow_bps: u32,
    /// Length of the window over which slashes and verdict payouts are capped, seconds.
    pub slash_window_seconds: u32,
    /// Seconds between a slash being decided and being taken, in which its owner may appeal.
    pub appeal_seconds: u32,
    /// Seconds between a change of parameters being queued and being applied.
    pub timelock_seconds: u32,
    /// Seconds without accepted usage after which a service counts as dead.
    pub usage_timeout_seconds: u32,
    pub reserved_c: [u8; 4],
    /// Taken from a validator that committed and did not reveal, atoms of the stake mint.
    pub missed_reveal_slash: u64,
    /// Lamports that a bid holds as a deposit against spam.
    pub bid_deposit: u64,
    /// The token whose fees are partly burnt and in which rewards are paid; zero if there is none.
    pub native_mint: Address,
    /// May pause openings, and nothing else.
    pub guardian: Address,
    /// Named as the next authority by an applied change; governs once it accepts. Zero if there is none.
    pub pending_authority: Address,
    pub reserved: [u8; 32],
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
            && self.unbonding_seconds >= limits::UNBONDING_SECONDS_MIN
            && u32::from(self.burn_share_bps).saturating_add(u32::from(self.audit_share_bps)) <= 10_000
            && self.slash_cap_bps >= limits::SLASH_CAP_BPS_MIN
            && self.slash_cap_bps <= 10_000
            && self.outflow_bps >= limits::OUTFLOW_BPS_MIN
            && self.slash_window_seconds >= 1
            && self.slash_window_seconds <= limits::SLASH_WINDOW_SECONDS_MAX
            && self.appeal_seconds >= 1
            && self.appeal_seconds <= limits::APPEAL_SECONDS_MAX
            && self.timelock_seconds >= limits::TIMELOCK_SECONDS_MIN
            && self.timelock_seconds <= limits::TIMELOCK_SECONDS_MAX
            && self.usage_timeout_seconds >= 1
            && self.usage_timeout_seconds <= limits::USAGE_TIMEOUT_SECONDS_MAX
            && self.bid_deposit <= limits::BID_DEPOSIT_MAX;
        require!(bounded, MarketError::ConfigOutOfBounds);
        Ok(())
    }

    /// Openings stop when paused; exits never do.
    pub fn require_open(&self) -> Result<()> {
        require!(self.paused & PAUSE_OPENINGS == 0, MarketError::OpeningsPaused);
        Ok(())
    }
}
