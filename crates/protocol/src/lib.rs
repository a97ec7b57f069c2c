//! The rules of Proofmill, as pure functions.
//!
//! Everything that the two programs, the daemons, the CLI and the tests must agree on lives here once: the
//! table of job states, money arithmetic, the bytes that are signed, the quorum rule, the draw, the matching
//! rule and every bound. No I/O, no clock, no allocation, no Anchor, no Solana dependency: the same source is
//! compiled into the programs and into the host.
#![no_std]

#[cfg(any(test, feature = "host"))]
extern crate std;

pub mod amount;
pub mod appeal;
pub mod arrays;
pub mod attempts;
pub mod attestation;
pub mod bidding;
pub mod caps;
pub mod drand;
pub mod draw;
pub mod envelope;
pub mod evidence;
pub mod ids;
pub mod job;
pub mod limits;
pub mod matching;
pub mod merkle;
pub mod mint_extensions;
pub mod plant;
pub mod quorum;
pub mod receipt;
pub mod seeds;
pub mod service;
pub mod settlement;
pub mod signing_key;
pub mod stake;
pub mod uptime;
pub mod usage;
pub mod verdict;
pub mod witness;

pub use ids::{Key, UnixSeconds};

/// SHA-256 of the concatenation of `parts`, in software. Programs pass the runtime's syscall instead.
#[cfg(any(test, feature = "host"))]
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    use sha2::Digest;
    let mut hasher = sha2::Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
