use anchor_lang::prelude::*;

/// A change of the arbiter's parameters that waits for the market's timelock. At most one at a time.
#[account]
pub struct QueuedArbiter {
    pub version: u8,
    pub bump: u8,
    /// Bytes of `args` that are used.
    pub length: u16,
    pub reserved_a: [u8; 4],
    /// When anyone may apply it.
    pub eta: i64,
    /// `sha256` of the used bytes: what a signer of a multisig compares.
    pub hash: [u8; 32],
    /// The authority that queued it; gets the rent back.
    pub rent_payer: Address,
    /// The serialized `ArbiterArgs`.
    pub args: [u8; 256],
    pub reserved: [u8; 64],
}
