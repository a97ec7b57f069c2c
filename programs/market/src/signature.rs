//! Ed25519 inside the program, behind one trait.
use anchor_lang::prelude::*;
use proofmill_protocol::envelope::ENVELOPE_LEN;

use crate::error::MarketError;

/// Strict verification: small-order and non-canonical keys, malleable signatures are refused, as in
/// `ed25519-dalek`'s `verify_strict`.
pub trait SigVerify {
    fn verify(key: &[u8; 32], signature: &[u8; 64], message: &[u8; ENVELOPE_LEN]) -> Result<()>;
}

/// Verification by the curve syscalls, about 12.5k compute units.
pub struct InProgram;

impl SigVerify for InProgram {
    fn verify(key: &[u8; 32], signature: &[u8; 64], message: &[u8; ENVELOPE_LEN]) -> Result<()> {
        let key = Address::new_from_array(*key);
        brine_ed25519::verify_strict(&key, signature, &[message]).map_err(|_| MarketError::InvalidProof.into())
    }
}
