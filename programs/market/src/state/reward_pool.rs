use anchor_lang::prelude::*;

/// What the providers of one epoch share, in a vault of its own.
#[account]
pub struct RewardPool {
    pub version: u8,
    pub bump: u8,
    pub vault_bump: u8,
    /// 1 once somebody has claimed: from then on the pool takes no more, or early claims would have been too small.
    pub started: u8,
    pub epoch: u32,
    /// Atoms put in.
    pub funded: u64,
    /// Atoms paid out or rolled over.
    pub paid: u64,
    /// Sum of all weights, of the root that the first claim showed.
    pub weight_total: u64,
    /// That root: later claims must show the same.
    pub root: [u8; 32],
    pub mint: Address,
    pub vault: Address,
    pub rent_payer: Address,
    pub reserved: [u8; 64],
}
