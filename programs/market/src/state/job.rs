use anchor_lang::prelude::*;
use proofmill_protocol::{
    job::{self, JobEvent, JobState, Outcome, Refusal},
    matching::Requirements,
};

use crate::error::MarketError;

/// The agreement. Its escrow lies in its own vault, a token account that only it can sign for.
#[account]
pub struct Job {
    pub version: u8,
    pub bump: u8,
    pub vault_bump: u8,
    /// `JobState`.
    pub state: u8,
    /// `Outcome`.
    pub outcome: u8,
    /// 1 batch.
    pub kind: u8,
    /// 1 deterministic.
    pub class: u8,
    /// 0 not yet, 1 instant, 2 auction.
    pub matched_by: u8,
    /// `CLAIMED_*` bits.
    pub claimed: u8,
    /// Re-executors (bits 0, 1) that have been paid.
    pub audit_paid: u8,
    pub tier: u8,
    pub gpu_count: u8,
    pub allow_simulated: u8,
    /// `Termination` of the receipt.
    pub termination: u8,
    pub attempt: u16,
    pub fee_bps: u16,
    /// Share of such receipts that is audited, fixed at the match, basis points.
    pub audit_bps: u16,
    pub region: u16,
    pub uptime_bps: u16,
    pub vram_mib: u32,
    pub max_seconds: u32,
    pub exit_code: i32,
    pub start_window_seconds: u32,
    pub receipt_grace_seconds: u32,
    pub challenge_window_seconds: u32,
    pub verdict_window_seconds: u32,
    pub reserved_a: [u8; 4],
    /// Tenant's choice; with the tenant it names the job.
    pub index: u64,
    /// Slot of posting: tells this life of the address from any other.
    pub nonce: u64,
    pub price_ceiling_per_second: u64,
    pub price_per_second: u64,
    pub escrowed: u64,
    /// Stake of the provider pledged to this job.
    pub lock: u64,
    pub metered_ms: u64,
    pub paid: u64,
    pub refunded: u64,
    pub fee: u64,
    pub slashed: u64,
    pub best_bid_per_second: u64,
    pub posted_at: i64,
    /// End of the auction; zero if the job was posted for an instant match.
    pub bids_until: i64,
    pub matched_at: i64,
    pub started_at: i64,
    pub receipt_at: i64,
    pub receipt_slot: u64,
    pub settled_at: i64,
    pub tenant: Address,
    pub mint: Address,
    pub vault: Address,
    /// The `Provider` account; zero until matched.
    pub provider: Address,
    pub best_bidder: Address,
    /// Key under which the tenant speaks on the data plane.
    pub tenant_node_key: [u8; 32],
    /// The provider's keys as they were at the match: a held job is signed and audited under these.
    pub node_key: [u8; 32],
    pub class_key: [u8; 32],
    pub spec_hash: [u8; 32],
    pub image_digest: [u8; 32],
    pub input_root: [u8; 32],
    pub receipt_hash: [u8; 32],
    /// Zero until the verdict opens it.
    pub output_root: [u8; 32],
    pub reserved: [u8; 32],
}

/// `claimed` bit: the provider has its net.
pub const CLAIMED_REWARD: u8 = 1;
/// `claimed` bit: the tenant has its refund.
pub const CLAIMED_REFUND: u8 = 2;
/// `claimed` bit: the fee has left the vault.
pub const CLAIMED_FEE: u8 = 4;
/// `matched_by`: a standing offer, in the posting transaction or later.
pub const MATCHED_INSTANT: u8 = 1;
/// `matched_by`: the lowest bid.
pub const MATCHED_AUCTION: u8 = 2;
/// `kind`: run to completion.
pub const KIND_BATCH: u8 = 1;
/// `class`: deterministic, judged by re-execution.
pub const CLASS_DETERMINISTIC: u8 = 1;

impl Job {
    /// The stored state.
    pub fn state(&self) -> Result<JobState> {
        JobState::from_code(self.state).ok_or(MarketError::StateUnknown.into())
    }

    /// Applies one event by the one table; stores the new state and outcome.
    pub fn advance(&mut self, event: JobEvent) -> Result<Outcome> {
        let (state, outcome) = job::next(self.state()?, event).map_err(refusal)?;
        self.state = state as u8;
        self.outcome = outcome as u8;
        Ok(outcome)
    }

    pub fn requirements(&self) -> Requirements {
        Requirements {
            tier: self.tier,
            gpu_count: self.gpu_count,
            vram_mib: self.vram_mib,
            region: self.region,
            uptime_bps: self.uptime_bps,
            allow_simulated: self.allow_simulated == 1,
            price_ceiling_per_second: self.price_ceiling_per_second,
        }
    }

    /// After this instant anyone may expire the job in its present state.
    pub fn expires_after(&self) -> Result<i64> {
        use proofmill_protocol::limits::MATCH_GRACE_SECONDS;
        let (from, seconds) = match self.state()? {
            JobState::Open => (self.bids_until.max(self.posted_at), MATCH_GRACE_SECONDS),
            JobState::Matched => (self.matched_at, i64::from(self.start_window_seconds)),
            JobState::Running => {
                (self.started_at.saturating_add(i64::from(self.max_seconds)), i64::from(self.receipt_grace_seconds))
            }
            JobState::Submitted => (self.receipt_at, i64::from(self.verdict_window_seconds)),
            JobState::Settled => return Err(MarketError::JobSettled.into()),
        };
        Ok(from.saturating_add(seconds))
    }
}

/// Each refusal of the table by its own error.
fn refusal(refusal: Refusal) -> Error {
    match refusal {
        Refusal::NotOpen(_) => MarketError::JobActive,
        Refusal::NotMatched(_) => MarketError::JobNotMatched,
        Refusal::NotRunning(_) => MarketError::JobNotRunning,
        Refusal::NotSubmitted(_) => MarketError::JobNotSubmitted,
        Refusal::NotHeld(_) => MarketError::JobNotHeld,
        Refusal::AlreadySettled => MarketError::JobSettled,
        Refusal::NotAJudgement(_) => MarketError::InvalidProof,
    }
    .into()
}
