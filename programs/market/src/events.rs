//! One event for every change of state. Amounts are atoms; replaying the events alone rebuilds every balance.
use anchor_lang::prelude::*;

#[event]
pub struct ConfigChanged {
    pub authority: Address,
    pub fee_bps: u16,
    pub paused: u8,
}
#[event]
pub struct MintRuleChanged {
    pub mint: Address,
    pub enabled: u8,
    pub lock_bps: u32,
    pub escrow_min: u64,
}
#[event]
pub struct ProviderRegistered {
    pub provider: Address,
    pub owner: Address,
    pub tier: u8,
    pub gpu_count: u8,
    pub vram_mib: u32,
    pub simulated: u8,
}
#[event]
pub struct ProviderUpdated {
    pub provider: Address,
    pub active: u8,
}
#[event]
pub struct OfferPublished {
    pub offer: Address,
    pub provider: Address,
    pub mint: Address,
    pub price_per_second: u64,
    pub expires_at: i64,
}
#[event]
pub struct OfferWithdrawn {
    pub offer: Address,
    pub provider: Address,
}
#[event]
pub struct StakeOpened {
    pub stake: Address,
    pub owner: Address,
}
#[event]
pub struct StakeDeposited {
    pub stake: Address,
    pub amount: u64,
}
#[event]
pub struct StakeUnbonding {
    pub stake: Address,
    pub amount: u64,
    pub releasable_at: i64,
}
#[event]
pub struct StakeWithdrawn {
    pub stake: Address,
    pub amount: u64,
}
#[event]
pub struct SlashedSwept {
    pub stake: Address,
    pub amount: u64,
}
#[event]
pub struct JobPosted {
    pub job: Address,
    pub tenant: Address,
    pub mint: Address,
    pub escrowed: u64,
    pub bids_until: i64,
}
#[event]
pub struct BidPlaced {
    pub job: Address,
    pub provider: Address,
    pub price_per_second: u64,
}
#[event]
pub struct BidWithdrawn {
    pub job: Address,
    pub provider: Address,
}
#[event]
pub struct JobMatched {
    pub job: Address,
    pub provider: Address,
    pub price_per_second: u64,
    pub lock: u64,
    pub matched_by: u8,
}
#[event]
pub struct JobStarted {
    pub job: Address,
    pub started_at: i64,
}
#[event]
pub struct ProofSubmitted {
    pub job: Address,
    pub receipt_hash: [u8; 32],
    pub metered_ms: u64,
}
#[event]
pub struct JobSettled {
    pub job: Address,
    pub outcome: u8,
    pub paid: u64,
    pub refunded: u64,
    pub fee: u64,
    pub slashed: u64,
}
#[event]
pub struct RewardClaimed {
    pub job: Address,
    pub amount: u64,
}
#[event]
pub struct RefundClaimed {
    pub job: Address,
    pub amount: u64,
}
#[event]
pub struct FeesSwept {
    pub job: Address,
    pub treasury: u64,
    pub audit_budget: u64,
}
#[event]
pub struct AuditPaid {
    pub job: Address,
    pub provider: Address,
    pub amount: u64,
}
#[event]
pub struct JobClosed {
    pub job: Address,
    pub dust: u64,
}
