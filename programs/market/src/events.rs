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
    pub audit_price_max: u64,
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
    /// Lamports besides the rent.
    pub deposit: u64,
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
/// What the receipt claims on chain. `receipt_hash` commits to its output root, which stays blinded.
#[event]
pub struct ProofSubmitted {
    pub job: Address,
    pub receipt_hash: [u8; 32],
    pub metered_ms: u64,
    pub attempt: u16,
    pub exit_code: i32,
    pub termination: u8,
}
#[event]
pub struct JobSettled {
    pub job: Address,
    pub outcome: u8,
    pub paid: u64,
    pub refunded: u64,
    pub fee: u64,
    /// Stake set aside for a slash.
    pub slashed: u64,
    /// The root that the verdict found right; zero if none opened it.
    pub output_root: [u8; 32],
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
    /// Destroyed; zero unless the job was paid in the native token.
    pub burnt: u64,
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
#[event]
pub struct ConfigQueued {
    pub eta: i64,
    pub hash: [u8; 32],
}
#[event]
pub struct ConfigCancelled {
    pub hash: [u8; 32],
}
#[event]
pub struct AuthorityNamed {
    pub authority: Address,
}
#[event]
pub struct AuthorityAccepted {
    pub authority: Address,
}
#[event]
pub struct OpeningsPaused {
    pub by: Address,
}
#[event]
pub struct OpeningsResumed {
    pub by: Address,
}
#[event]
pub struct MintRuleQueued {
    pub mint: Address,
    pub enabled: u8,
    pub lock_bps: u32,
    pub escrow_min: u64,
    pub audit_price_max: u64,
    pub eta: i64,
}
/// Stake is set aside. The balances are those after it.
#[event]
pub struct SlashOpened {
    pub slash_case: Address,
    pub stake: Address,
    pub job: Address,
    pub kind: u8,
    pub amount: u64,
    pub due_at: i64,
    pub bonded: u64,
    pub unbonding: u64,
    pub pending: u64,
}
#[event]
pub struct SlashApplied {
    pub slash_case: Address,
    pub stake: Address,
    /// To the treasury, once swept.
    pub slashed: u64,
    /// To the reporter, once claimed; still pending.
    pub bounty: u64,
    /// Waits for the next window.
    pub remaining: u64,
}
#[event]
pub struct SlashAppealed {
    pub slash_case: Address,
    pub stake: Address,
    /// From bonded to pending.
    pub bond: u64,
    pub decide_by: i64,
}
#[event]
pub struct AppealResolved {
    pub slash_case: Address,
    pub stake: Address,
    /// 1 if the slash stands.
    pub upheld: u8,
    /// From pending to bonded, the bond included.
    pub returned: u64,
}
#[event]
pub struct BountyClaimed {
    pub slash_case: Address,
    pub stake: Address,
    pub amount: u64,
}
#[event]
pub struct SlashCaseClosed {
    pub slash_case: Address,
}
#[event]
pub struct RewardPoolOpened {
    pub pool: Address,
    pub epoch: u32,
    pub mint: Address,
}
#[event]
pub struct RewardsFunded {
    pub pool: Address,
    pub amount: u64,
}
#[event]
pub struct EpochRewardClaimed {
    pub pool: Address,
    pub provider: Address,
    pub weight: u64,
    pub amount: u64,
}
#[event]
pub struct RewardsRolledOver {
    pub from: Address,
    pub to: Address,
    pub amount: u64,
}
/// Accepted cumulative usage of a service.
#[event]
pub struct UsageAccepted {
    pub job: Address,
    pub usage_ms: u64,
    pub usage_at: i64,
    /// 1 if the arbiter witnessed it, 0 if both sides signed it.
    pub witnessed: u8,
}
#[event]
pub struct StreamClaimed {
    pub job: Address,
    pub amount: u64,
    /// Drawn in all.
    pub streamed: u64,
}
#[event]
pub struct JobToppedUp {
    pub job: Address,
    pub payer: Address,
    pub amount: u64,
    pub escrowed: u64,
    pub max_seconds: u32,
}
#[event]
pub struct JobPaused {
    pub job: Address,
    pub paused_at: i64,
}
#[event]
pub struct JobResumed {
    pub job: Address,
    pub resumed_at: i64,
    pub paused_ms: u64,
}
/// One side ended a service; it settles after the grace for the last usage.
#[event]
pub struct ServiceStopped {
    pub job: Address,
    pub outcome: u8,
    pub stopped_at: i64,
}
/// Stake pledged for availability, besides the lock.
#[event]
pub struct BondLocked {
    pub job: Address,
    pub stake: Address,
    pub amount: u64,
}
/// The pledge for availability is over: `released` is free again, `due` left the stake for the tenant.
#[event]
pub struct BondReleased {
    pub job: Address,
    pub stake: Address,
    pub released: u64,
    pub due: u64,
}
#[event]
pub struct SlaClaimed {
    pub job: Address,
    pub amount: u64,
}
/// An attempt failed and the job opened again; its escrow is untouched and `lock` is free, less what a missed start cost.
#[event]
pub struct JobReopened {
    pub job: Address,
    pub provider: Address,
    /// How the attempt failed.
    pub outcome: u8,
    /// The attempt that begins.
    pub attempt: u16,
    pub lock: u64,
}
#[event]
pub struct BidSkipped {
    pub job: Address,
    pub provider: Address,
}
/// `deposit`: lamports that went back with the rent.
#[event]
pub struct BidClosed {
    pub bid: Address,
    pub job: Address,
    pub provider: Address,
    pub deposit: u64,
}
/// The deposit of an accepted bid went back: the attempt started.
#[event]
pub struct DepositReturned {
    pub job: Address,
    pub provider: Address,
    pub lamports: u64,
}
/// The deposit of an accepted bid is the tenant's: the attempt ended without a start.
#[event]
pub struct DepositForfeited {
    pub job: Address,
    pub provider: Address,
    pub lamports: u64,
}
/// A matched job was not started in time: `slashed` of its lock is the treasury's to sweep. The balances are those after
/// it; that the rest of the lock is free says the event that follows (`JobReopened` or `JobSettled`).
#[event]
pub struct StartMissed {
    pub job: Address,
    pub provider: Address,
    pub stake: Address,
    pub slashed: u64,
    pub bonded: u64,
    pub unbonding: u64,
}
#[event]
pub struct ArrayPosted {
    pub array: Address,
    pub tenant: Address,
    pub mint: Address,
    pub tasks_total: u16,
    pub escrowed: u64,
    pub deadline_at: i64,
}
/// `escrowed` atoms moved from the array's vault to the job's.
#[event]
pub struct TaskIssued {
    pub array: Address,
    pub task: u16,
    pub attempt: u16,
    pub job: Address,
    pub escrowed: u64,
}
#[event]
pub struct TaskReturned {
    pub array: Address,
    pub task: u16,
    pub attempt: u16,
    pub paid: u8,
}
#[event]
pub struct ArrayCancelled {
    pub array: Address,
}
#[event]
pub struct ArrayClosed {
    pub array: Address,
    pub refunded: u64,
}
#[event]
pub struct CapabilityRecorded {
    pub provider: Address,
    pub measured_at: i64,
    pub gops: u64,
    pub vram_mib: u32,
    pub tier: u8,
}
#[event]
pub struct UptimeRecorded {
    pub provider: Address,
    pub bucket: u32,
    pub up: u16,
    pub total: u16,
    pub uptime_bps: u16,
}
