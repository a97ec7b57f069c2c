use anchor_lang::prelude::*;

/// A truth fixed before the job that it is about was posted (`proofmill_protocol::plant`).
#[account]
pub struct Plant {
    pub version: u8,
    pub bump: u8,
    pub reserved: [u8; 6],
    pub committed_at: i64,
    /// Slot of the commitment: a job's nonce is the slot of its posting.
    pub committed_slot: u64,
    pub planter: Address,
    pub commitment: [u8; 32],
}
