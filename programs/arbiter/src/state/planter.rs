use anchor_lang::prelude::*;

/// A key that may plant. What it can do at most is a fixed penalty per plant, so a captured one does bounded harm.
#[account]
pub struct Planter {
    pub version: u8,
    pub bump: u8,
    pub reserved: [u8; 6],
    pub appointed_at: i64,
    pub key: Address,
}
