use anchor_lang::prelude::*;

/// The validators of one epoch, frozen: whoever registers later cannot steer a draw.
#[account]
pub struct ValidatorSet {
    pub version: u8,
    pub bump: u8,
    pub count: u8,
    pub reserved: u8,
    pub epoch: u32,
    pub frozen_at: i64,
    pub rent_payer: Address,
    pub identities: [[u8; 32]; 64],
    pub vote_keys: [[u8; 32]; 64],
}
