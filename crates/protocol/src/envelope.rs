//! What an Ed25519 key of Proofmill signs: 47 bytes, `0xFF | "proofml/v1" | kind | sha256(body)`.
//!
//! 47 bytes together with R and A fill exactly one SHA-512 block, which halves the cost of verification inside a
//! program. The first byte can never begin a Solana transaction message (legacy count, 0x80, 0x81), so no key
//! that signs envelopes can be tricked into signing a transaction. The kind stops reuse across protocols.

/// Bytes of every signed message.
pub const ENVELOPE_LEN: usize = 47;
/// First byte: no transaction message begins with it.
pub const FIRST_BYTE: u8 = 0xFF;
/// Names protocol and version.
pub const TAG: &[u8; 10] = b"proofml/v1";

/// What the body is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A provider's claim of work: the receipt core.
    Receipt,
    /// A validator's opinion on a receipt.
    Attestation,
    /// A provider's claim of a re-execution.
    Reexecution,
    /// A tenant's, provider's or validator's request on the data plane.
    Request,
    /// Cumulative usage of a service: provider and tenant sign the same.
    Usage,
    /// A validator's signature on a root of measurements.
    Witness,
    /// A validator's commitment to an opinion that it does not show yet.
    Commitment,
}

impl Kind {
    /// Four ASCII letters.
    pub const fn code(self) -> &'static [u8; 4] {
        match self {
            Kind::Receipt => b"RCPT",
            Kind::Attestation => b"VERD",
            Kind::Reexecution => b"REEX",
            Kind::Request => b"REQU",
            Kind::Usage => b"USAG",
            Kind::Witness => b"WITN",
            Kind::Commitment => b"CMIT",
        }
    }
}

/// The message to sign or verify for a body with this SHA-256 digest.
pub fn envelope(kind: Kind, body_digest: &[u8; 32]) -> [u8; ENVELOPE_LEN] {
    let mut out = [0u8; ENVELOPE_LEN];
    out[0] = FIRST_BYTE;
    out[1..11].copy_from_slice(TAG);
    out[11..15].copy_from_slice(kind.code());
    out[15..].copy_from_slice(body_digest);
    out
}
