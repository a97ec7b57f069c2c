use anchor_lang::prelude::*;
use proofmill_protocol::{arrays::Board, job::JobState};

use super::{Job, KIND_BATCH, LAYOUT_VERSION};
use crate::error::MarketError;

/// One job of many tasks: the terms of a task, what is left of the escrow, and where each task stands. Every task that
/// is taken becomes a `Job` of its own, which lives as every batch job does; this account is written when it is taken
/// and when it is closed, and not in between.
#[account]
pub struct JobArray {
    pub version: u8,
    pub bump: u8,
    pub vault_bump: u8,
    /// 1 when the tenant wants no further task to be taken.
    pub cancelled: u8,
    pub class: u8,
    pub tier: u8,
    pub gpu_count: u8,
    pub allow_simulated: u8,
    /// Times that one task is issued at most.
    pub attempts_max: u8,
    pub reserved_a: u8,
    pub fee_bps: u16,
    pub region: u16,
    pub uptime_bps: u16,
    pub tasks_total: u16,
    /// Tasks whose job exists.
    pub taken_count: u16,
    /// Tasks that were paid for.
    pub done_count: u16,
    /// Tasks that failed as often as they may.
    pub failed_count: u16,
    /// Tenant's choice; with the tenant it names the array.
    pub index: u32,
    pub vram_mib: u32,
    /// Longest run of one task, seconds.
    pub max_seconds: u32,
    pub start_window_seconds: u32,
    pub receipt_grace_seconds: u32,
    pub challenge_window_seconds: u32,
    pub verdict_window_seconds: u32,
    /// Oldest capability certificate accepted, seconds; zero asks for none.
    pub certificate_age_seconds_max: u32,
    /// Slot of posting.
    pub nonce: u64,
    pub price_ceiling_per_second: u64,
    /// Escrow of one task, atoms.
    pub task_escrow: u64,
    pub posted_at: i64,
    /// From this instant no further task is taken.
    pub deadline_at: i64,
    pub tenant: Address,
    pub mint: Address,
    /// Token account of what no task holds.
    pub vault: Address,
    /// Who paid the rent and gets it back.
    pub rent_payer: Address,
    /// Key under which the tenant speaks on the data plane.
    pub tenant_node_key: [u8; 32],
    pub spec_hash: [u8; 32],
    pub image_digest: [u8; 32],
    pub input_root: [u8; 32],
    /// Bit n: the job of task n exists.
    pub taken: [u64; 16],
    /// Bit n: task n was paid for.
    pub done: [u64; 16],
    /// How often each task was issued.
    pub issued: [u8; 1024],
    pub reserved: [u8; 64],
}

impl JobArray {
    /// The part that says where each task stands.
    pub fn board(&mut self) -> Board<'_> {
        Board {
            tasks_total: self.tasks_total,
            attempts_max: self.attempts_max,
            taken: &mut self.taken,
            done: &mut self.done,
            issued: &mut self.issued,
            taken_count: &mut self.taken_count,
            done_count: &mut self.done_count,
            failed_count: &mut self.failed_count,
        }
    }

    /// Whether no task will be taken any more, whatever happens.
    pub fn is_over(&self, now: i64) -> bool {
        let ended = self.done_count.saturating_add(self.failed_count) >= self.tasks_total;
        ended || self.cancelled == 1 || now >= self.deadline_at
    }

    /// Tasks may still be taken.
    pub fn require_open(&self, now: i64) -> Result<()> {
        require!(self.cancelled == 0, MarketError::ArrayCancelled);
        require!(now < self.deadline_at, MarketError::ArrayDeadlinePassed);
        Ok(())
    }

    /// Writes the terms of one task into its job, which is open then.
    pub fn write_task(&self, job: &mut Account<Job>, clock: &Clock) {
        job.version = LAYOUT_VERSION;
        job.state = JobState::Open as u8;
        job.kind = KIND_BATCH;
        job.class = self.class;
        job.tier = self.tier;
        job.gpu_count = self.gpu_count;
        job.allow_simulated = self.allow_simulated;
        // Its account is an attempt; the array issues the task again.
        job.attempts_max = 1;
        job.fee_bps = self.fee_bps;
        job.region = self.region;
        job.uptime_bps = self.uptime_bps;
        job.vram_mib = self.vram_mib;
        job.max_seconds = self.max_seconds;
        job.start_window_seconds = self.start_window_seconds;
        job.receipt_grace_seconds = self.receipt_grace_seconds;
        job.challenge_window_seconds = self.challenge_window_seconds;
        job.verdict_window_seconds = self.verdict_window_seconds;
        job.certificate_age_seconds_max = self.certificate_age_seconds_max;
        job.nonce = clock.slot;
        job.price_ceiling_per_second = self.price_ceiling_per_second;
        job.escrowed = self.task_escrow;
        job.tasks_total = self.tasks_total;
        job.best_bid_per_second = u64::MAX;
        job.posted_at = clock.unix_timestamp;
        job.opened_at = clock.unix_timestamp;
        job.tenant = self.tenant;
        job.mint = self.mint;
        job.tenant_node_key = self.tenant_node_key;
        job.spec_hash = self.spec_hash;
        job.image_digest = self.image_digest;
        job.input_root = self.input_root;
    }
}
