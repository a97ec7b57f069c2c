use anchor_lang::prelude::*;

/// Who will be in the next validator set. Written on joining and leaving only, never while judging.
#[account]
pub struct Roster {
    pub version: u8,
    pub bump: u8,
    pub count: u8,
    pub reserved: [u8; 5],
    /// Identities (wallets that own the stake), in order of registration.
    pub identities: [[u8; 32]; 64],
    /// Ed25519 keys that sign attestations.
    pub vote_keys: [[u8; 32]; 64],
}

impl Roster {
    /// Seat of `identity`.
    pub fn position(&self, identity: &[u8; 32]) -> Option<usize> {
        self.identities.iter().take(usize::from(self.count)).position(|seat| seat == identity)
    }
}
