//! Ed25519 inside the program, behind one trait.
//!
//! The rule is that of `ed25519-dalek`'s `verify_strict`, byte for byte of key and signature:
//!
//! - `S` is below the group order, so that a signature has one form;
//! - `A` and `R` are points, in their one encoding, and neither is of small order;
//! - `R` is, byte for byte, the encoding of `[S]B - [k]A`, with `k` reduced modulo the order and no cofactor.
//!
//! `verify_strict` also takes a key in a second encoding if its point is not of small order; `brine-ed25519` refuses it.
//! There are 20 such encodings (`y` from 2 to 18), and nobody knows the secret of one, so no signature tells the two rules
//! apart. Tests compare both over published and generated edge cases: `tests/tests/programs/signature_*.rs`.
//!
//! The pitfalls P1 to P12 of on-chain verification, and why each is absent:
//!
//! | # | pitfall | here |
//! |---|---|---|
//! | P1 to P5 | offsets, indices and the sysvar of the Ed25519 precompile | cannot arise: no instruction is read; key, signature and message are arguments of a function |
//! | P6 | the current index under a cross-program call | cannot arise: nothing depends on the position of the instruction |
//! | P7 | counting signatures in place of members | one bit per seat, counted by popcount: `each_seat_speaks_once` |
//! | P8 | malleable signatures, keys of small order | this rule, and [`is_signing_key`] at registration |
//! | P9 | replay in another domain, job or round | all are signed: `a_signature_for_anything_else_does_not_verify` |
//! | P10 | version 1 transactions without a compute limit | the sender sets it; too little fails the transaction and changes nothing |
//! | P11 | a signature as an identity | nothing is keyed by a signature |
//! | P12 | return data of another program | cannot arise: no call, no return data |
use anchor_lang::prelude::*;
use proofmill_protocol::{envelope::ENVELOPE_LEN, signing_key};

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

/// Whether signatures under this key can mean anything: a point of the curve, in its one encoding, not of small order.
/// Asked whenever a key is registered; about 250 compute units.
pub fn is_signing_key(key: &[u8; 32]) -> bool {
    signing_key::is_strict(key) && solana_address::bytes_are_curve_point(key)
}
