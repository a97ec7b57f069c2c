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
    /// Most of its stake that the provider pledges for the availability of a service, atoms of the stake mint.
    pub sla_bond_max: u64,
    /// Highest availability that it pledges it for, basis points.
    pub sla_uptime_max_bps: u16,
    /// 1 if services may take this offer as batch jobs do.
    pub services: u8,
    pub reserved: [u8; 21],
}
