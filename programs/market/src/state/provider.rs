use anchor_lang::prelude::*;
use proofmill_protocol::{
    matching::{Capability, Certificate},
    uptime::History,
};

/// A provider: identity, capability, where to reach it, what it did.
#[account]
pub struct Provider {
    pub version: u8,
    pub bump: u8,
    /// 1 if it takes new jobs.
    pub active: u8,
    /// 1 if the device is a simulated stand-in.
    pub simulated: u8,
    /// 1 consumer, 2 prosumer, 3 datacenter.
    pub tier: u8,
    pub gpu_count: u8,
    /// Concurrent jobs it takes at most.
    pub capacity: u16,
    pub vram_mib: u32,
    /// ISO 3166 numeric country code.
    pub region: u16,
    pub uptime_bps: u16,
    pub accepted_total: u32,
    pub rejected_total: u32,
    /// Jobs given back, not started, or without a receipt.
    pub failed_total: u32,
    /// Audited and accepted since the last fault.
    pub consecutive_accepted: u32,
    pub registered_at: i64,
    /// Wallet that owns the stake and the earnings.
    pub owner: Address,
    /// Hot key that sends the node's transactions; it holds no stake and receives no earnings.
    pub operator: Address,
    /// Ed25519 key that signs receipts and names the node on the data plane.
    pub node_key: [u8; 32],
    /// Hash of the hardware and runtime class: re-executions happen within it.
    pub class_key: [u8; 32],
    /// Where to dial the node: IPv6 or IPv4-mapped address.
    pub endpoint_ip: [u8; 16],
    pub endpoint_port: u16,
    /// Next offer index: indices are never used twice.
    pub offers_total: u16,
    /// Device model as the driver names it, UTF-8, zero padded; unverified.
    pub gpu_model: [u8; 32],
    /// Last epoch for which rewards were claimed.
    pub rewarded_epoch: u32,
    /// When the arbiter's certificate of the GPU was measured; zero without one.
    pub certified_at: i64,
    /// What the certificate says: tier, memory (MiB), throughput (10^9 exact int8 operations per second).
    pub certified_gops: u64,
    pub certified_vram_mib: u32,
    pub certified_tier: u8,
    /// Whether `uptime_bps` was measured by the arbiter (1) or is the initial assumption (0).
    pub uptime_measured: u8,
    pub reserved_a: [u8; 2],
    /// Last six-hour bucket whose heartbeats are counted in `uptime_up` and `uptime_total`.
    pub uptime_bucket: u32,
    /// A week of buckets: answered and counted heartbeat slots (`proofmill_protocol::uptime`).
    pub uptime_up: [u16; 28],
    pub uptime_total: [u16; 28],
    pub reserved_b: [u8; 4],
    pub reserved: [u8; 64],
}

impl Provider {
    pub fn uptime_history(&self) -> History {
        History { up: self.uptime_up, total: self.uptime_total, last: self.uptime_bucket }
    }

    /// Stores the history, and the uptime that follows from it once enough was measured.
    pub fn set_uptime_history(&mut self, history: &History) {
        self.uptime_up = history.up;
        self.uptime_total = history.total;
        self.uptime_bucket = history.last;
        if let Some(bps) = history.uptime_bps() {
            self.uptime_bps = bps;
            self.uptime_measured = 1;
        }
    }

    /// What this provider brings to a match at `price_per_second`, at the instant `now`.
    pub fn capability(&self, price_per_second: u64, free_stake: u64, lock: u64, now: i64) -> Capability {
        let certificate = (self.certified_at > 0).then(|| Certificate {
            age_seconds: now.saturating_sub(self.certified_at).max(0).unsigned_abs(),
            tier: self.certified_tier,
            vram_mib: self.certified_vram_mib,
        });
        Capability {
            active: self.active == 1,
            tier: self.tier,
            gpu_count: self.gpu_count,
            vram_mib: self.vram_mib,
            region: self.region,
            uptime_bps: self.uptime_bps,
            simulated: self.simulated == 1,
            price_per_second,
            free_stake,
            lock,
            certificate,
        }
    }
}
