use anchor_lang::prelude::*;
use proofmill_protocol::drand::Schedule;

/// One verified round of the drand network. It carries the network's schedule, so that whoever reads it needs no other
/// account: only `post_beacon` makes these, and it copies what can never change.
#[account]
pub struct Beacon {
    pub version: u8,
    pub bump: u8,
    pub reserved_a: [u8; 6],
    pub period_seconds: u32,
    pub margin_seconds: u32,
    pub genesis_at: i64,
    pub round: u64,
    pub posted_at: i64,
    /// SHA-256 of the round's signature.
    pub randomness: [u8; 32],
    pub rent_payer: Address,
}

impl Beacon {
    pub fn schedule(&self) -> Schedule {
        Schedule {
            genesis_at: self.genesis_at,
            period_seconds: self.period_seconds,
            margin_seconds: self.margin_seconds,
        }
    }
}
