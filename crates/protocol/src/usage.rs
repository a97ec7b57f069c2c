//! Usage of a service: a signed cumulative total, and the arbiter's witness of one.
//!
//! Usage is a total since the service was healthy, never an increment: a report that is lost, repeated or late costs
//! nobody anything, because the next one says it all again. Two sources count. A [`UsageReport`] is signed by the
//! provider's node key *and* by the tenant's, over the same envelope of kind `USAG`; whoever holds both signatures may
//! send it. A [`UsageWitness`] is an account of the arbiter, for a tenant that does not sign what it used.

use crate::ids::{Domain, JobKey, Key};

/// Version of the layout of a report.
pub const USAGE_VERSION: u16 = 1;
/// Bytes of an encoded report.
pub const USAGE_LEN: usize = 92;

/// What both node keys sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UsageReport {
    pub domain: Domain,
    pub job: JobKey,
    pub attempt: u16,
    /// The job's nonce: binds the report to this life of the job's address.
    pub nonce: u64,
    /// Milliseconds that the service was healthy since it started, pauses left out.
    pub usage_ms: u64,
    /// Unix seconds of the chain's clock at which the total held.
    pub measured_at: i64,
}

/// Why a report does not decode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UsageReportError {
    /// Not exactly the length of the layout.
    Length { found: usize },
    /// A version this code does not know.
    Version(u16),
}

impl UsageReport {
    /// The canonical bytes: version, attempt, domain, job, nonce, usage, instant.
    pub fn encode(&self) -> [u8; USAGE_LEN] {
        let mut out = [0u8; USAGE_LEN];
        out[0..2].copy_from_slice(&USAGE_VERSION.to_le_bytes());
        out[2..4].copy_from_slice(&self.attempt.to_le_bytes());
        out[4..36].copy_from_slice(&self.domain.0);
        out[36..68].copy_from_slice(&self.job.0);
        out[68..76].copy_from_slice(&self.nonce.to_le_bytes());
        out[76..84].copy_from_slice(&self.usage_ms.to_le_bytes());
        out[84..92].copy_from_slice(&self.measured_at.to_le_bytes());
        out
    }

    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// [`UsageReportError`] names the law that was broken.
    pub fn decode(bytes: &[u8]) -> Result<Self, UsageReportError> {
        if bytes.len() != USAGE_LEN {
            return Err(UsageReportError::Length { found: bytes.len() });
        }
        let version = u16::from_le_bytes(take(bytes, 0));
        if version != USAGE_VERSION {
            return Err(UsageReportError::Version(version));
        }
        Ok(Self {
            attempt: u16::from_le_bytes(take(bytes, 2)),
            domain: Domain(take(bytes, 4)),
            job: JobKey(take(bytes, 36)),
            nonce: u64::from_le_bytes(take(bytes, 68)),
            usage_ms: u64::from_le_bytes(take(bytes, 76)),
            measured_at: i64::from_le_bytes(take(bytes, 84)),
        })
    }
}

/// Version of the layout of a `UsageWitness` account.
pub const WITNESS_VERSION: u8 = 1;
/// First eight bytes of a `UsageWitness` account: `sha256("account:UsageWitness")[..8]`, Anchor's rule.
pub const WITNESS_DISCRIMINATOR: [u8; 8] = [0xfe, 0x9a, 0x20, 0xce, 0xdd, 0x8b, 0xa6, 0xe1];
/// Bytes of a `UsageWitness` account after the discriminator.
///
/// | at | bytes | field |
/// |---|---|---|
/// | 0 | 1 | version |
/// | 1 | 1 | bump |
/// | 2 | 2 | attempt |
/// | 4 | 4 | epoch whose validators signed |
/// | 8 | 8 | nonce of the job |
/// | 16 | 8 | usage, milliseconds, cumulative |
/// | 24 | 8 | instant at which the total held, unix seconds |
/// | 32 | 1 | validators that stand behind it |
/// | 33 | 7 | zero |
/// | 40 | 32 | job |
/// | 72 | 32 | the signed root that it was taken from |
/// | 104 | 32 | who paid the rent |
/// | 136 | 32 | zero |
pub const WITNESS_LEN: usize = 168;

/// A decoded `UsageWitness` account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UsageWitness {
    pub attempt: u16,
    pub epoch: u32,
    /// Binds the witness to one life of the job's address.
    pub nonce: u64,
    pub usage_ms: u64,
    pub witnessed_at: i64,
    /// Validators that signed the root.
    pub agreeing: u8,
    pub job: Key,
    pub root: Key,
}

/// Why bytes are not a witness.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WitnessError {
    Length { found: usize },
    Discriminator,
    Version(u8),
}

impl UsageWitness {
    /// Reads the data of a `UsageWitness` account, discriminator included. The caller checks the account's owner.
    ///
    /// # Errors
    /// [`WitnessError`] names what does not fit.
    pub fn decode(data: &[u8]) -> Result<Self, WitnessError> {
        if data.len() != 8 + WITNESS_LEN {
            return Err(WitnessError::Length { found: data.len() });
        }
        if data[..8] != WITNESS_DISCRIMINATOR {
            return Err(WitnessError::Discriminator);
        }
        let d = &data[8..];
        if d[0] != WITNESS_VERSION {
            return Err(WitnessError::Version(d[0]));
        }
        Ok(Self {
            attempt: u16::from_le_bytes(take(d, 2)),
            epoch: u32::from_le_bytes(take(d, 4)),
            nonce: u64::from_le_bytes(take(d, 8)),
            usage_ms: u64::from_le_bytes(take(d, 16)),
            witnessed_at: i64::from_le_bytes(take(d, 24)),
            agreeing: d[32],
            job: take(d, 40),
            root: take(d, 72),
        })
    }

    /// The data of the account, for tests and for clients that show it; the arbiter writes its own.
    pub fn encode(&self) -> [u8; 8 + WITNESS_LEN] {
        let mut out = [0u8; 8 + WITNESS_LEN];
        out[..8].copy_from_slice(&WITNESS_DISCRIMINATOR);
        let d = &mut out[8..];
        d[0] = WITNESS_VERSION;
        d[2..4].copy_from_slice(&self.attempt.to_le_bytes());
        d[4..8].copy_from_slice(&self.epoch.to_le_bytes());
        d[8..16].copy_from_slice(&self.nonce.to_le_bytes());
        d[16..24].copy_from_slice(&self.usage_ms.to_le_bytes());
        d[24..32].copy_from_slice(&self.witnessed_at.to_le_bytes());
        d[32] = self.agreeing;
        d[40..72].copy_from_slice(&self.job);
        d[72..104].copy_from_slice(&self.root);
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
    use crate::{
        envelope::{envelope, Kind},
        sha256,
    };
    use proptest::prelude::*;

    /// A report with every field different from every other.
    fn report() -> UsageReport {
        UsageReport {
            domain: Domain([1; 32]),
            job: JobKey([2; 32]),
            attempt: 3,
            nonce: 4,
            usage_ms: 5,
            measured_at: 1_700_000_006,
        }
    }

    fn witness() -> UsageWitness {
        UsageWitness {
            attempt: 1,
            epoch: 2,
            nonce: 3,
            usage_ms: 4,
            witnessed_at: 1_700_000_005,
            agreeing: 6,
            job: [7; 32],
            root: [8; 32],
        }
    }

    #[test]
    fn a_report_survives_the_round_trip() {
        assert_eq!(UsageReport::decode(&report().encode()), Ok(report()));
    }

    /// The digest is fixed: what is signed in version 1 never changes.
    #[test]
    fn the_bytes_of_a_report_never_change() {
        let digest = sha256(&[&report().encode()]);
        assert_eq!(hex::encode(digest), "a157bbbfade252abc3ab3b0b711f7011ae43a2a8804f0b4d70f2845458db57cf");
        let message = envelope(Kind::Usage, &digest);
        assert_eq!(&message[..15], b"\xFFproofml/v1USAG");
    }

    #[test]
    fn every_field_changes_what_is_signed() {
        let right = report();
        let changed = [
            UsageReport { domain: Domain([9; 32]), ..right },
            UsageReport { job: JobKey([9; 32]), ..right },
            UsageReport { attempt: 9, ..right },
            UsageReport { nonce: 9, ..right },
            UsageReport { usage_ms: 9, ..right },
            UsageReport { measured_at: 9, ..right },
        ];
        for other in changed {
            assert_ne!(other.encode(), right.encode());
        }
    }

    #[test]
    fn every_other_length_and_version_is_refused() {
        let bytes = report().encode();
        for len in 0..USAGE_LEN {
            assert_eq!(UsageReport::decode(&bytes[..len]), Err(UsageReportError::Length { found: len }));
        }
        let mut long = std::vec::Vec::from(bytes);
        long.push(0);
        assert_eq!(UsageReport::decode(&long), Err(UsageReportError::Length { found: USAGE_LEN + 1 }));
        let mut bytes = bytes;
        bytes[0] = 2;
        assert_eq!(UsageReport::decode(&bytes), Err(UsageReportError::Version(2)));
    }

    #[test]
    fn the_discriminator_is_anchors() {
        assert_eq!(sha256(&[b"account:UsageWitness"])[..8], WITNESS_DISCRIMINATOR);
    }

    #[test]
    fn a_witness_survives_the_round_trip_and_others_are_refused_by_name() {
        let right = witness().encode();
        assert_eq!(UsageWitness::decode(&right), Ok(witness()));
        for len in 0..right.len() {
            assert_eq!(UsageWitness::decode(&right[..len]), Err(WitnessError::Length { found: len }));
        }
        let mut long = std::vec::Vec::from(right);
        long.push(0);
        assert_eq!(UsageWitness::decode(&long), Err(WitnessError::Length { found: WITNESS_LEN + 9 }));
        let mut other = right;
        other[7] ^= 1;
        assert_eq!(UsageWitness::decode(&other), Err(WitnessError::Discriminator));
        let mut other = right;
        other[8] = 2;
        assert_eq!(UsageWitness::decode(&other), Err(WitnessError::Version(2)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = UsageReport::decode(&bytes);
            let _ = UsageWitness::decode(&bytes);
        }
    }
}
