//! The attestation: a validator's signed opinion on a receipt.

use crate::envelope::TAG;
use crate::ids::{Domain, JobKey, Key, ValidatorKey};
use crate::verdict::Opinion;

/// Version of the layout below.
pub const ATTESTATION_VERSION: u16 = 1;
/// Bytes of an encoded body.
pub const ATTESTATION_LEN: usize = 184;

/// Why a body does not decode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttestationError {
    Length { found: usize },
    Version(u16),
    Opinion(u8),
}

/// What a validator signs, in an envelope of kind `VERD`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attestation {
    pub domain: Domain,
    pub job: JobKey,
    pub attempt: u16,
    pub round: u8,
    pub opinion: Opinion,
    /// Bits of the re-executors whose result this opinion confirms.
    pub confirmed_executors: u8,
    pub nonce: u64,
    pub epoch: u32,
    pub receipt_hash: Key,
    /// The output root found right (zero unless valid).
    pub output_root: Key,
    pub validator: ValidatorKey,
}

impl Attestation {
    /// The canonical bytes.
    pub fn encode(&self) -> [u8; ATTESTATION_LEN] {
        let mut out = [0u8; ATTESTATION_LEN];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            out[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&ATTESTATION_VERSION.to_le_bytes());
        put(&self.attempt.to_le_bytes());
        put(&[self.round, self.opinion as u8, self.confirmed_executors, 0]);
        put(&self.nonce.to_le_bytes());
        put(&self.epoch.to_le_bytes());
        put(&[0u8; 4]);
        put(&self.domain.0);
        put(&self.job.0);
        put(&self.receipt_hash);
        put(&self.output_root);
        put(&self.validator.0);
        out
    }

    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// [`AttestationError`] names what does not fit.
    pub fn decode(bytes: &[u8]) -> Result<Self, AttestationError> {
        if bytes.len() != ATTESTATION_LEN {
            return Err(AttestationError::Length { found: bytes.len() });
        }
        let version = u16::from_le_bytes(take(bytes, 0));
        if version != ATTESTATION_VERSION {
            return Err(AttestationError::Version(version));
        }
        Ok(Self {
            attempt: u16::from_le_bytes(take(bytes, 2)),
            round: bytes[4],
            opinion: Opinion::from_code(bytes[5]).ok_or(AttestationError::Opinion(bytes[5]))?,
            confirmed_executors: bytes[6],
            nonce: u64::from_le_bytes(take(bytes, 8)),
            epoch: u32::from_le_bytes(take(bytes, 16)),
            domain: Domain(take(bytes, 24)),
            job: JobKey(take(bytes, 56)),
            receipt_hash: take(bytes, 88),
            output_root: take(bytes, 120),
            validator: ValidatorKey(take(bytes, 152)),
        })
    }
}

/// Bytes under the hash of a commitment.
pub const COMMITMENT_LEN: usize = 14 + 32 + 32 + 2 + 1 + 32 + 32 + 32;

/// The bytes whose SHA-256 a validator commits to before anybody speaks:
/// `"proofml/v1CMIT" | domain | job | attempt (u16 LE) | round (u8) | validator | body_digest | salt`, where
/// `body_digest` is the SHA-256 of the attestation's bytes. Validator and salt are in it, so that a copied commitment
/// opens nothing.
pub fn commitment_bytes(attestation: &Attestation, body_digest: &Key, salt: &Key) -> [u8; COMMITMENT_LEN] {
    let mut out = [0u8; COMMITMENT_LEN];
    let mut at = 0;
    let mut put = |bytes: &[u8]| {
        out[at..at + bytes.len()].copy_from_slice(bytes);
        at += bytes.len();
    };
    put(TAG);
    put(b"CMIT");
    put(&attestation.domain.0);
    put(&attestation.job.0);
    put(&attestation.attempt.to_le_bytes());
    put(&[attestation.round]);
    put(&attestation.validator.0);
    put(body_digest);
    put(salt);
    out
}

/// Version of the signed commitment.
pub const COMMITMENT_VERSION: u16 = 1;
/// Bytes of an encoded signed commitment.
pub const COMMITMENT_BODY_LEN: usize = 152;

/// What a validator signs, in an envelope of kind `CMIT`, so that somebody else may carry its commitment to the chain.
///
/// | at | field | bytes |
/// |---|---|---|
/// | 0 | version | u16 LE |
/// | 2 | attempt | u16 LE |
/// | 4 | round | 1 |
/// | 5 | zero | 3 |
/// | 8 | nonce: the life of the job's address | u64 LE |
/// | 16 | epoch of the validator set | u32 LE |
/// | 20 | zero | 4 |
/// | 24 | domain | 32 |
/// | 56 | job | 32 |
/// | 88 | validator | 32 |
/// | 120 | commitment: SHA-256 of [`commitment_bytes`] | 32 |
///
/// The first commitment of a seat that reaches the chain stands. A validator signs one per round, and stores opinion and
/// salt before it signs: it is slashed if it cannot reveal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Commitment {
    pub domain: Domain,
    pub job: JobKey,
    pub attempt: u16,
    pub round: u8,
    pub nonce: u64,
    pub epoch: u32,
    pub validator: ValidatorKey,
    /// SHA-256 of [`commitment_bytes`].
    pub commitment: Key,
}

impl Commitment {
    /// The canonical bytes.
    pub fn encode(&self) -> [u8; COMMITMENT_BODY_LEN] {
        let mut out = [0u8; COMMITMENT_BODY_LEN];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            out[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&COMMITMENT_VERSION.to_le_bytes());
        put(&self.attempt.to_le_bytes());
        put(&[self.round, 0, 0, 0]);
        put(&self.nonce.to_le_bytes());
        put(&self.epoch.to_le_bytes());
        put(&[0u8; 4]);
        put(&self.domain.0);
        put(&self.job.0);
        put(&self.validator.0);
        put(&self.commitment);
        out
    }
}

/// Version of the re-execution claim.
pub const REEXECUTION_VERSION: u16 = 1;
/// Bytes of an encoded re-execution claim.
pub const REEXECUTION_LEN: usize = 184;

/// A re-executor's claim, signed by its node key in an envelope of kind `REEX`. The output root is blinded:
/// `commitment = sha256(output_root | exit_code | termination | blind)`, opened to the committee alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reexecution {
    pub domain: Domain,
    pub job: JobKey,
    pub attempt: u16,
    pub round: u8,
    pub nonce: u64,
    pub provider: Key,
    pub node_key: Key,
    pub commitment: Key,
    pub metered_ms: u64,
}

impl Reexecution {
    /// The canonical bytes.
    pub fn encode(&self) -> [u8; REEXECUTION_LEN] {
        let mut out = [0u8; REEXECUTION_LEN];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            out[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        put(&REEXECUTION_VERSION.to_le_bytes());
        put(&self.attempt.to_le_bytes());
        put(&[self.round, 0, 0, 0]);
        put(&self.nonce.to_le_bytes());
        put(&self.metered_ms.to_le_bytes());
        put(&self.domain.0);
        put(&self.job.0);
        put(&self.provider);
        put(&self.node_key);
        put(&self.commitment);
        out
    }
}

/// `N` bytes of `data` at `at`; the caller has checked the length.
fn take<const N: usize>(data: &[u8], at: usize) -> [u8; N] {
    let mut out = [0u8; N];
    out.copy_from_slice(&data[at..at + N]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attestation_survives_the_round_trip() {
        let body = Attestation {
            domain: Domain([1; 32]),
            job: JobKey([2; 32]),
            attempt: 3,
            round: 1,
            opinion: Opinion::Invalid,
            confirmed_executors: 3,
            nonce: 6,
            epoch: 7,
            receipt_hash: [8; 32],
            output_root: [9; 32],
            validator: ValidatorKey([10; 32]),
        };
        let bytes = body.encode();
        assert_eq!(Attestation::decode(&bytes), Ok(body));
        for len in 0..ATTESTATION_LEN {
            assert_eq!(Attestation::decode(&bytes[..len]), Err(AttestationError::Length { found: len }));
        }
    }

    #[test]
    fn a_signed_commitment_binds_every_part() {
        let body = Commitment {
            domain: Domain([1; 32]),
            job: JobKey([2; 32]),
            attempt: 3,
            round: 1,
            nonce: 6,
            epoch: 7,
            validator: ValidatorKey([10; 32]),
            commitment: [11; 32],
        };
        let right = body.encode();
        let others = [
            Commitment { domain: Domain([0; 32]), ..body },
            Commitment { job: JobKey([0; 32]), ..body },
            Commitment { attempt: 4, ..body },
            Commitment { round: 2, ..body },
            Commitment { nonce: 7, ..body },
            Commitment { epoch: 8, ..body },
            Commitment { validator: ValidatorKey([0; 32]), ..body },
            Commitment { commitment: [0; 32], ..body },
        ];
        assert!(others.iter().all(|other| other.encode() != right));
        assert_eq!(right.last(), Some(&11), "every byte is used");
    }

    #[test]
    fn a_commitment_binds_every_part() {
        let body = Attestation {
            domain: Domain([1; 32]),
            job: JobKey([2; 32]),
            attempt: 3,
            round: 1,
            opinion: Opinion::Valid,
            confirmed_executors: 1,
            nonce: 6,
            epoch: 7,
            receipt_hash: [8; 32],
            output_root: [9; 32],
            validator: ValidatorKey([10; 32]),
        };
        let right = commitment_bytes(&body, &[11; 32], &[12; 32]);
        let others = [
            commitment_bytes(&Attestation { domain: Domain([0; 32]), ..body }, &[11; 32], &[12; 32]),
            commitment_bytes(&Attestation { job: JobKey([0; 32]), ..body }, &[11; 32], &[12; 32]),
            commitment_bytes(&Attestation { attempt: 4, ..body }, &[11; 32], &[12; 32]),
            commitment_bytes(&Attestation { round: 2, ..body }, &[11; 32], &[12; 32]),
            commitment_bytes(&Attestation { validator: ValidatorKey([0; 32]), ..body }, &[11; 32], &[12; 32]),
            commitment_bytes(&body, &[0; 32], &[12; 32]),
            commitment_bytes(&body, &[11; 32], &[0; 32]),
        ];
        assert!(others.iter().all(|other| *other != right));
        assert_eq!(right.last(), Some(&12), "every byte is used");
    }
}
