use anchor_lang::prelude::*;
use proofmill_protocol::{
    attempts,
    job::{self, JobEvent, JobState, Outcome, Refusal},
    limits,
    matching::Requirements,
    service::Meter,
};

use super::Bid;
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
    /// 1 batch, 3 service. An array is an account of its own; its tasks are batch jobs.
    pub kind: u8,
    /// 1 deterministic, 3 witnessed.
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
    /// Oldest capability certificate accepted at the match, seconds; zero asks for none.
    pub certificate_age_seconds_max: u32,
    /// Attempts that this job may have: after a failed one it opens again.
    pub attempts_max: u8,
    /// Bids in the chain: those that the auction has taken.
    pub bids: u8,
    /// Availability below which the provider's bond is due, basis points of the time since it was healthy.
    pub sla_uptime_bps: u16,
    /// Bit n: attempt n + 1 started.
    pub started_attempts: u16,
    /// Which token program holds the vault: `TOKEN_CLASSIC` or `TOKEN_2022`.
    pub token_program: u8,
    pub reserved_b: u8,
    /// Position in `array`.
    pub task_index: u32,
    /// Seconds without accepted usage after which a service counts as dead.
    pub usage_timeout_seconds: u32,
    /// Tenant's choice; with the tenant it names the job.
    pub index: u64,
    /// Slot of posting: tells this life of the address from any other.
    pub nonce: u64,
    pub price_ceiling_per_second: u64,
    pub price_per_second: u64,
    pub escrowed: u64,
    /// Stake of the provider pledged to this job.
    pub lock: u64,
    /// Billed time, milliseconds: of the receipt, or the accepted cumulative usage of a service.
    pub metered_ms: u64,
    pub paid: u64,
    pub refunded: u64,
    pub fee: u64,
    pub slashed: u64,
    pub best_bid_per_second: u64,
    /// Net that the provider has been paid while its service runs.
    pub streamed: u64,
    /// Stake that the provider pledges besides the lock, due to the tenant if the availability is missed.
    pub sla_bond: u64,
    /// Part of `sla_bond` that the tenant may collect.
    pub sla_due: u64,
    /// Milliseconds that a service was paused.
    pub paused_ms: u64,
    /// Lamports that the winning bid left in this account until the attempt starts.
    pub bid_deposit: u64,
    pub posted_at: i64,
    /// When the job last opened for a match: posting, or the failure of an attempt.
    pub opened_at: i64,
    /// When the last accepted usage of a service was measured, or it was resumed.
    pub usage_at: i64,
    /// When the escrow of a service ran dry; zero while it runs, kept if it ends in the pause.
    pub paused_at: i64,
    /// End of the auction; zero if the job was posted for an instant match.
    pub bids_until: i64,
    pub matched_at: i64,
    pub started_at: i64,
    /// When the receipt came, or a service was ended.
    pub receipt_at: i64,
    pub receipt_slot: u64,
    pub settled_at: i64,
    pub tenant: Address,
    pub mint: Address,
    pub vault: Address,
    /// The `Provider` account; zero until matched.
    pub provider: Address,
    pub best_bidder: Address,
    /// The array whose task this is; zero for a job of its own.
    pub array: Address,
    /// Who paid the rent and gets it back.
    pub rent_payer: Address,
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
    /// Tasks of `array`; zero for a job of its own.
    pub tasks_total: u16,
    pub reserved_c: [u8; 30],
    pub reserved: [u8; 32],
}

/// `claimed` bit: the provider has its net.
pub const CLAIMED_REWARD: u8 = 1;
/// `claimed` bit: the tenant has its refund.
pub const CLAIMED_REFUND: u8 = 2;
/// `claimed` bit: the fee has left the vault.
pub const CLAIMED_FEE: u8 = 4;
/// `claimed` bit: the tenant has what is due of the availability bond.
pub const CLAIMED_SLA: u8 = 8;
/// `matched_by`: a standing offer, in the posting transaction or later.
pub const MATCHED_INSTANT: u8 = 1;
/// `matched_by`: the lowest bid.
pub const MATCHED_AUCTION: u8 = 2;
/// `kind`: run to completion.
pub const KIND_BATCH: u8 = 1;
/// `kind`: long-running, paid by the second from the moment it is healthy.
pub const KIND_SERVICE: u8 = 3;
/// `class`: deterministic, judged by re-execution.
pub const CLASS_DETERMINISTIC: u8 = 1;
/// `class`: witnessed (services): co-signed or witnessed usage, never verified work.
pub const CLASS_WITNESSED: u8 = 3;

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

    /// Whether the table takes this event in the present state; changes nothing.
    pub fn require(&self, event: JobEvent) -> Result<()> {
        job::next(self.state()?, event).map_err(refusal)?;
        Ok(())
    }

    /// Opens the job again after a failed attempt: nothing of it is left but the bit that says whether it started.
    pub fn reopen(&mut self, now: i64) -> Result<()> {
        self.attempt = self.attempt.checked_add(1).ok_or(MarketError::CountOutOfBounds)?;
        self.state = JobState::Open as u8;
        self.outcome = Outcome::None as u8;
        self.matched_by = 0;
        self.termination = 0;
        self.exit_code = 0;
        self.audit_bps = 0;
        self.price_per_second = 0;
        self.lock = 0;
        self.metered_ms = 0;
        self.bid_deposit = 0;
        self.matched_at = 0;
        self.started_at = 0;
        self.opened_at = now;
        self.provider = Address::default();
        self.node_key = [0; 32];
        self.class_key = [0; 32];
        Ok(())
    }

    /// Remembers that the present attempt started.
    pub fn mark_started(&mut self, now: i64) {
        self.started_at = now;
        self.started_attempts |= attempts::bit(self.attempt);
    }

    /// Takes the best bid off the chain: the one before it is the best now.
    pub fn pop_bid(&mut self, best: &Bid) {
        self.best_bidder = best.previous_bidder;
        self.best_bid_per_second = best.previous_per_second;
    }

    /// Whether this is a task of an array.
    pub fn is_task(&self) -> bool {
        self.array != Address::default()
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
            certificate_age_seconds_max: self.certificate_age_seconds_max,
        }
    }

    pub fn is_service(&self) -> bool {
        self.kind == KIND_SERVICE
    }

    /// The service's clock. `metered_ms` is its usage, `receipt_at` its end.
    pub fn meter(&self) -> Meter {
        Meter {
            started_at: self.started_at,
            paused_at: self.paused_at,
            ended_at: self.receipt_at,
            paused_ms: self.paused_ms,
            max_seconds: self.max_seconds,
            usage_ms: self.metered_ms,
            usage_at: self.usage_at,
            usage_timeout_seconds: self.usage_timeout_seconds,
        }
    }

    pub fn set_meter(&mut self, meter: Meter) {
        self.paused_at = meter.paused_at;
        self.paused_ms = meter.paused_ms;
        self.metered_ms = meter.usage_ms;
        self.usage_at = meter.usage_at;
    }

    /// After this instant anyone may expire the job in its present state.
    pub fn expires_after(&self) -> Result<i64> {
        use proofmill_protocol::limits::MATCH_GRACE_SECONDS;
        if self.is_service() {
            match self.state()? {
                JobState::Running | JobState::Paused => return Ok(self.meter().expires_after()),
                JobState::Ending => return Ok(self.receipt_at.saturating_add(limits::USAGE_GRACE_SECONDS)),
                _ => {}
            }
        }
        let (from, seconds) = match self.state()? {
            JobState::Open => (self.bids_until.max(self.opened_at), MATCH_GRACE_SECONDS),
            JobState::Matched => (self.matched_at, i64::from(self.start_window_seconds)),
            JobState::Running => {
                (self.started_at.saturating_add(i64::from(self.max_seconds)), i64::from(self.receipt_grace_seconds))
            }
            JobState::Submitted => (self.receipt_at, i64::from(self.verdict_window_seconds)),
            JobState::Settled => return Err(MarketError::JobSettled.into()),
            // Only services come here, and they are answered above.
            JobState::Paused | JobState::Ending => return Err(MarketError::StateUnknown.into()),
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
        Refusal::NotPaused(_) => MarketError::ServiceNotPaused,
        Refusal::NotStoppable(_) => MarketError::ServiceNotRunning,
        Refusal::NotEnding(_) => MarketError::ServiceNotEnding,
        Refusal::NotAStop(_) => MarketError::StateUnknown,
    }
    .into()
}
