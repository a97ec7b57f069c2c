use anchor_lang::prelude::*;

/// Providers of one class that re-execute for audits.
#[account]
pub struct ExecutorList {
    pub version: u8,
    pub bump: u8,
    pub count: u8,
    pub reserved: [u8; 5],
    pub class_key: [u8; 32],
    /// Market `Provider` accounts.
    pub providers: [[u8; 32]; 64],
    /// Their owners: two providers of one owner never check one another.
    pub owners: [[u8; 32]; 64],
}

impl ExecutorList {
    /// Position of `provider`.
    pub fn position(&self, provider: &[u8; 32]) -> Option<usize> {
        self.providers.iter().take(usize::from(self.count)).position(|entry| entry == provider)
    }
}
