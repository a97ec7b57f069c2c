use anchor_lang::prelude::*;
use proofmill_protocol::limits;

/// The validators of one epoch, frozen one epoch ahead: whoever registers later cannot steer a draw.
#[account]
pub struct ValidatorSet {
    pub version: u8,
    pub bump: u8,
    pub count: u8,
    pub reserved: u8,
    pub epoch: u32,
    pub frozen_at: i64,
    pub rent_payer: Address,
    /// Bonded stake at the freeze, atoms, capped at a share of the whole.
    pub weights: [u64; 64],
    pub identities: [[u8; 32]; 64],
    pub vote_keys: [[u8; 32]; 64],
    pub delegates: [[u8; 32]; 64],
}

// One instruction creates at most 10,240 bytes.
const _: () = assert!(8 + core::mem::size_of::<ValidatorSet>() < 10_240);

impl ValidatorSet {
    /// Members.
    pub fn members(&self) -> usize {
        usize::from(self.count).min(limits::VALIDATORS_MAX)
    }

    /// Weight of the member at `seat`; zero outside the set.
    pub fn weight(&self, seat: usize) -> u64 {
        self.weights.iter().take(self.members()).nth(seat).copied().unwrap_or(0)
    }

    /// Weight of all members.
    pub fn total_weight(&self) -> u64 {
        self.weights.iter().take(self.members()).fold(0, |sum, weight| sum.saturating_add(*weight))
    }
}
