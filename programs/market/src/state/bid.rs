use anchor_lang::prelude::*;

/// A provider's answer to an open job.
#[account]
pub struct Bid {
    pub version: u8,
    pub bump: u8,
    /// 1 when taken back: the entry stays until the job is gone, so that the chain of bids holds.
    pub withdrawn: u8,
    pub reserved: u8,
    /// The attempt that this bid won; zero if none.
    pub accepted_attempt: u16,
    pub reserved_a: [u8; 2],
    pub price_per_second: u64,
    /// Price of the bid that was best before this one; the largest number for the first.
    pub previous_per_second: u64,
    /// Lamports held besides the rent: until the bid is taken back, accepted, or the job is over.
    pub deposit: u64,
    /// The job's nonce: a bid on another life of the address is none on this one.
    pub nonce: u64,
    pub placed_at: i64,
    pub job: Address,
    /// The `Provider` account.
    pub provider: Address,
    /// Who paid the rent and gets it back.
    pub rent_payer: Address,
    /// The `Provider` whose bid was best before this one; zero for the first.
    pub previous_bidder: Address,
}
