//! Reading what the arbiter's validators measured.
extern crate alloc;

use alloc::vec::Vec;
use anchor_lang::prelude::*;
use proofmill_protocol::{
    merkle::{self, Sha256},
    witness::{WitnessKind, WitnessRecord},
};

use crate::{error::MarketError, state::Config};

/// SHA-256 by the runtime's syscall.
pub struct Syscall;

impl Sha256 for Syscall {
    fn digest(parts: &[&[u8]]) -> [u8; 32] {
        sha256(&parts.concat())
    }
}

/// Where a leaf lies in a root.
#[derive(Clone, AnchorSerialize, AnchorDeserialize, IdlType)]
pub struct Inclusion {
    pub index: u32,
    /// From the leaf to the root.
    pub proof: Vec<[u8; 32]>,
}

/// Reads a root of `kind` out of an account of the arbiter.
pub fn read_root(config: &Account<Config>, account: &UncheckedAccount, kind: WitnessKind) -> Result<WitnessRecord> {
    let view = account.account();
    require!(view.owned_by(&config.arbiter), MarketError::WitnessRootInvalid);
    let data = view.try_borrow()?;
    let record = WitnessRecord::decode(&data).map_err(|_| MarketError::WitnessRootInvalid)?;
    require!(record.kind == kind, MarketError::WitnessKindDiffers);
    Ok(record)
}

/// Checks that `leaf` lies under `root` where `inclusion` says.
pub fn require_included(root: &WitnessRecord, leaf: &[u8], inclusion: &Inclusion) -> Result<()> {
    let hash = merkle::leaf::<Syscall>(leaf);
    merkle::verify::<Syscall>(&root.root, root.leaves, inclusion.index, &hash, &inclusion.proof)
        .map_err(|_| MarketError::NotIncluded.into())
}
