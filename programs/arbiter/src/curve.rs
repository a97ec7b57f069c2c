//! BN254 and Keccak by the runtime's syscalls.
//!
//! The square root comes from the decompression of points (398 compute units); in software one would cost 250,000.
use anchor_lang::prelude::sha256;
use proofmill_protocol::drand::{Curve, G1_LEN, PAIRS_LEN};

/// What the chain computes. Off the chain there are no syscalls, and every answer is a refusal.
pub struct Syscalls;

#[cfg(target_os = "solana")]
impl Curve for Syscalls {
    fn keccak256(parts: &[&[u8]]) -> Option<[u8; 32]> {
        let mut out = [0u8; 32];
        // SAFETY: on SBF a slice of slices is the array of (address, length) that the syscall reads; it writes 32 bytes.
        let refused = unsafe { sol_keccak256(parts.as_ptr().cast(), parts.len() as u64, out.as_mut_ptr()) };
        (refused == 0).then_some(out)
    }

    fn sha256(bytes: &[u8]) -> [u8; 32] {
        sha256(bytes)
    }

    fn lift(x: &[u8; 32]) -> Option<[u8; G1_LEN]> {
        let mut out = [0u8; G1_LEN];
        // SAFETY: it reads 32 bytes and writes 64.
        let refused = unsafe { sol_alt_bn128_compression(G1_DECOMPRESS, x.as_ptr(), 32, out.as_mut_ptr()) };
        (refused == 0).then_some(out)
    }

    fn add(p: &[u8; G1_LEN], q: &[u8; G1_LEN]) -> Option<[u8; G1_LEN]> {
        let mut both = [0u8; 2 * G1_LEN];
        both[..G1_LEN].copy_from_slice(p);
        both[G1_LEN..].copy_from_slice(q);
        let mut out = [0u8; G1_LEN];
        // SAFETY: it reads 128 bytes and writes 64.
        let refused = unsafe { sol_alt_bn128_group_op(G1_ADD, both.as_ptr(), both.len() as u64, out.as_mut_ptr()) };
        (refused == 0).then_some(out)
    }

    fn pairing(pairs: &[u8; PAIRS_LEN]) -> Option<bool> {
        let mut out = [0u8; 32];
        // SAFETY: it reads 384 bytes and writes 32, the number 0 or 1 big-endian.
        let refused = unsafe { sol_alt_bn128_group_op(PAIRING, pairs.as_ptr(), PAIRS_LEN as u64, out.as_mut_ptr()) };
        (refused == 0).then_some(out[31] == 1)
    }
}

#[cfg(target_os = "solana")]
use solana_define_syscall::definitions::{sol_alt_bn128_compression, sol_alt_bn128_group_op, sol_keccak256};

/// Operations of `sol_alt_bn128_group_op` and `sol_alt_bn128_compression`, big-endian.
#[cfg(target_os = "solana")]
const G1_ADD: u64 = 0;
#[cfg(target_os = "solana")]
const PAIRING: u64 = 3;
#[cfg(target_os = "solana")]
const G1_DECOMPRESS: u64 = 1;

#[cfg(not(target_os = "solana"))]
impl Curve for Syscalls {
    fn keccak256(_: &[&[u8]]) -> Option<[u8; 32]> {
        None
    }
    fn sha256(bytes: &[u8]) -> [u8; 32] {
        sha256(bytes)
    }
    fn lift(_: &[u8; 32]) -> Option<[u8; G1_LEN]> {
        None
    }
    fn add(_: &[u8; G1_LEN], _: &[u8; G1_LEN]) -> Option<[u8; G1_LEN]> {
        None
    }
    fn pairing(_: &[u8; PAIRS_LEN]) -> Option<bool> {
        None
    }
}
