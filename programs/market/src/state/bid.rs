use anchor_lang::prelude::*;

/// A provider's answer to an open job.
#[account]
pub struct Bid {
    pub version: u8,
    pub bump: u8,
    pub reserved: [u8; 6],
    pub price_per_second: u64,
    pub placed_at: i64,
    pub job: Address,
    /// The `Provider` account.
    pub provider: Address,
    /// Who paid the rent and gets it back.
    pub rent_payer: Address,
}
