use anchor_lang::prelude::*;

/// A provider's standing price: whoever posts a fitting job takes it in the same transaction.
#[account]
pub struct Offer {
    pub version: u8,
    pub bump: u8,
    pub index: u16,
    /// Longest run it covers, seconds.
    pub seconds_max: u32,
    pub price_per_second: u64,
    pub expires_at: i64,
    pub published_at: i64,
    /// The `Provider` account.
    pub provider: Address,
    pub mint: Address,
    /// Who paid the rent and gets it back.
    pub rent_payer: Address,
    pub reserved: [u8; 32],
}
