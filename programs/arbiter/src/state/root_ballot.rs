use anchor_lang::prelude::*;
use proofmill_protocol::{
    ids::Domain,
    witness::{WitnessBody, WitnessKind},
};

use crate::error::ArbiterError;

/// Signatures on one proposed root of measurements, until a supermajority has signed.
#[account]
pub struct RootBallot {
    pub version: u8,
    pub bump: u8,
    /// `WitnessKind`.
    pub kind: u8,
    pub reserved_a: u8,
    /// Epoch of the validator set that signs.
    pub epoch: u32,
    pub sequence: u32,
    pub leaves: u32,
    pub weight_total: u64,
    pub covers_from: i64,
    pub covers_until: i64,
    pub opened_at: i64,
    /// Bit per seat of the set that has signed.
    pub signed: u64,
    /// Their weight.
    pub signed_weight: u64,
    pub root: [u8; 32],
    pub rent_payer: Address,
    pub reserved: [u8; 32],
}

impl RootBallot {
    /// What the validators sign.
    pub fn body(&self, domain: [u8; 32]) -> Result<WitnessBody> {
        Ok(WitnessBody {
            domain: Domain(domain),
            kind: WitnessKind::from_code(self.kind).ok_or(ArbiterError::WitnessKindUnknown)?,
            epoch: self.epoch,
            sequence: self.sequence,
            leaves: self.leaves,
            weight_total: self.weight_total,
            covers_from: self.covers_from,
            covers_until: self.covers_until,
            root: self.root,
        })
    }
}
