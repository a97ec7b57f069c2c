//! The receipt: a provider's signed claim of one attempt's work.
//!
//! Fixed width, little endian, unknown versions and trailing bytes refused. What is signed and stored on chain is
//! the [`ReceiptCore`], 132 bytes, so that evidence of equivocation needs two hashes and two signatures, not two
//! receipts. `output_root` is blinded by `blind` until the audit is decided: only the hash is public.

use crate::ids::{Domain, JobKey, Key, NodeKey, ProviderKey};

/// Version of the layout below.
pub const RECEIPT_VERSION: u16 = 1;
/// Bytes of an encoded receipt.
pub const RECEIPT_LEN: usize = 512;
/// Bytes of an encoded core.
pub const CORE_LEN: usize = 132;

/// Why a receipt or a core does not decode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReceiptError {
    /// Not exactly the length of the layout.
    Length { expected: usize, found: usize },
    /// A version this code does not know.
    Version(u16),
    /// A termination code outside the list.
    Termination(u8),
}

/// How the container ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Termination {
    /// It ended by itself with the recorded exit code (which need not be zero).
    Exited = 0,
    /// The kernel killed it for exceeding its memory.
    OutOfMemory = 1,
    /// It ran past `max_seconds` and was stopped.
    TimedOut = 2,
    /// It ended, but what it left in `/out` is not a valid output (links, devices, names, sizes).
    OutputRefused = 3,
}

impl Termination {
    /// The termination with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Exited,
            1 => Self::OutOfMemory,
            2 => Self::TimedOut,
            3 => Self::OutputRefused,
            _ => return None,
        })
    }
}

/// A provider's claim of one attempt. Times are unix seconds of the chain's clock; durations are milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Receipt {
    pub domain: Domain,
    pub job: JobKey,
    pub attempt: u16,
    /// The job's nonce: binds the receipt to this life of the job's address.
    pub nonce: u64,
    pub provider: ProviderKey,
    pub node_key: NodeKey,
    /// SHA-256 that names the image.
    pub image_digest: Key,
    /// SHA-256 of the canonical job specification.
    pub spec_hash: Key,
    /// Roots of the canonical manifests (BLAKE3).
    pub input_root: Key,
    pub output_root: Key,
    pub output_bytes: u64,
    pub output_files: u32,
    /// BLAKE3 of the kept log, and whether it was cut.
    pub log_root: Key,
    pub log_truncated: bool,
    pub exit_code: i32,
    pub termination: Termination,
    pub started_at: i64,
    pub ended_at: i64,
    /// Time the container ran, milliseconds: what is billed, up to the cap.
    pub metered_ms: u64,
    pub class_key: Key,
    /// SHA-256 of driver, runtime, kernel and configuration, for replays.
    pub env_hash: Key,
    /// SHA-256 of the sorted device UUIDs.
    pub gpu_set_hash: Key,
    pub gpu_count: u8,
    /// The device is a simulated stand-in.
    pub simulated: bool,
    pub peak_memory_mib: u32,
    /// Random: hides low-entropy outputs until the audit closes.
    pub blind: Key,
}

/// Writes fields one after another; the length of the buffer is a constant of the layout.
struct Writer<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let end = self.at + bytes.len();
        self.out[self.at..end].copy_from_slice(bytes);
        self.at = end;
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0u8; N];
        out.copy_from_slice(&self.bytes[self.at..self.at + N]);
        self.at += N;
        out
    }
}

impl Receipt {
    /// The canonical bytes.
    pub fn encode(&self) -> [u8; RECEIPT_LEN] {
        let mut out = [0u8; RECEIPT_LEN];
        let mut w = Writer { out: &mut out, at: 0 };
        w.put(&RECEIPT_VERSION.to_le_bytes());
        w.put(&self.attempt.to_le_bytes());
        w.put(&self.domain.0);
        w.put(&self.job.0);
        w.put(&self.nonce.to_le_bytes());
        w.put(&self.provider.0);
        w.put(&self.node_key.0);
        w.put(&self.image_digest);
        w.put(&self.spec_hash);
        w.put(&self.input_root);
        w.put(&self.output_root);
        w.put(&self.output_bytes.to_le_bytes());
        w.put(&self.output_files.to_le_bytes());
        w.put(&self.log_root);
        w.put(&[u8::from(self.log_truncated)]);
        w.put(&self.exit_code.to_le_bytes());
        w.put(&[self.termination as u8]);
        w.put(&self.started_at.to_le_bytes());
        w.put(&self.ended_at.to_le_bytes());
        w.put(&self.metered_ms.to_le_bytes());
        w.put(&self.class_key);
        w.put(&self.env_hash);
        w.put(&self.gpu_set_hash);
        w.put(&[self.gpu_count, u8::from(self.simulated)]);
        w.put(&self.peak_memory_mib.to_le_bytes());
        w.put(&self.blind);
        w.put(&[0u8; RESERVED]);
        out
    }

    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// [`ReceiptError`] names the law that was broken.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() != RECEIPT_LEN {
            return Err(ReceiptError::Length { expected: RECEIPT_LEN, found: bytes.len() });
        }
        let mut r = Reader { bytes, at: 0 };
        let version = u16::from_le_bytes(r.take());
        if version != RECEIPT_VERSION {
            return Err(ReceiptError::Version(version));
        }
        let attempt = u16::from_le_bytes(r.take());
        Ok(Self {
            attempt,
            domain: Domain(r.take()),
            job: JobKey(r.take()),
            nonce: u64::from_le_bytes(r.take()),
            provider: ProviderKey(r.take()),
            node_key: NodeKey(r.take()),
            image_digest: r.take(),
            spec_hash: r.take(),
            input_root: r.take(),
            output_root: r.take(),
            output_bytes: u64::from_le_bytes(r.take()),
            output_files: u32::from_le_bytes(r.take()),
            log_root: r.take(),
            log_truncated: r.take::<1>()[0] != 0,
            exit_code: i32::from_le_bytes(r.take()),
            termination: {
                let code = r.take::<1>()[0];
                Termination::from_code(code).ok_or(ReceiptError::Termination(code))?
            },
            started_at: i64::from_le_bytes(r.take()),
            ended_at: i64::from_le_bytes(r.take()),
            metered_ms: u64::from_le_bytes(r.take()),
            class_key: r.take(),
            env_hash: r.take(),
            gpu_set_hash: r.take(),
            gpu_count: r.take::<1>()[0],
            simulated: r.take::<1>()[0] != 0,
            peak_memory_mib: u32::from_le_bytes(r.take()),
            blind: r.take(),
        })
    }

    /// The core that is signed and stored, given the SHA-256 of [`Receipt::encode`].
    pub fn core(&self, receipt_hash: Key) -> ReceiptCore {
        ReceiptCore { domain: self.domain, job: self.job, attempt: self.attempt, node_key: self.node_key, receipt_hash }
    }
}

/// Bytes kept at the end of the layout for fields to come; zero in version 1.
const RESERVED: usize = RECEIPT_LEN - 476;

/// What the node key signs (in an envelope of kind `RCPT`) and the program rebuilds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReceiptCore {
    pub domain: Domain,
    pub job: JobKey,
    pub attempt: u16,
    pub node_key: NodeKey,
    pub receipt_hash: Key,
}

impl ReceiptCore {
    /// The canonical 132 bytes.
    pub fn encode(&self) -> [u8; CORE_LEN] {
        let mut out = [0u8; CORE_LEN];
        let mut w = Writer { out: &mut out, at: 0 };
        w.put(&RECEIPT_VERSION.to_le_bytes());
        w.put(&self.domain.0);
        w.put(&self.job.0);
        w.put(&self.attempt.to_le_bytes());
        w.put(&self.node_key.0);
        w.put(&self.receipt_hash);
        out
    }

    /// Reads the canonical bytes.
    ///
    /// # Errors
    /// [`ReceiptError`] names the law that was broken.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReceiptError> {
        if bytes.len() != CORE_LEN {
            return Err(ReceiptError::Length { expected: CORE_LEN, found: bytes.len() });
        }
        let mut r = Reader { bytes, at: 0 };
        let version = u16::from_le_bytes(r.take());
        if version != RECEIPT_VERSION {
            return Err(ReceiptError::Version(version));
        }
        Ok(Self {
            domain: Domain(r.take()),
            job: JobKey(r.take()),
            attempt: u16::from_le_bytes(r.take()),
            node_key: NodeKey(r.take()),
            receipt_hash: r.take(),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A receipt with every field different from every other.
    pub(crate) fn sample() -> Receipt {
        let key = |n: u8| [n; 32];
        Receipt {
            domain: Domain(key(1)),
            job: JobKey(key(2)),
            attempt: 3,
            nonce: 4,
            provider: ProviderKey(key(5)),
            node_key: NodeKey(key(6)),
            image_digest: key(7),
            spec_hash: key(8),
            input_root: key(9),
            output_root: key(10),
            output_bytes: 11,
            output_files: 12,
            log_root: key(13),
            log_truncated: true,
            exit_code: -14,
            termination: Termination::TimedOut,
            started_at: 1_700_000_015,
            ended_at: 1_700_000_016,
            metered_ms: 17,
            class_key: key(18),
            env_hash: key(19),
            gpu_set_hash: key(20),
            gpu_count: 2,
            simulated: true,
            peak_memory_mib: 22,
            blind: key(23),
        }
    }

    #[test]
    fn a_receipt_survives_the_round_trip() {
        let receipt = sample();
        assert_eq!(Receipt::decode(&receipt.encode()), Ok(receipt));
        let core = receipt.core([24; 32]);
        assert_eq!(ReceiptCore::decode(&core.encode()), Ok(core));
    }

    #[test]
    fn every_truncation_and_extension_is_refused() {
        let bytes = sample().encode();
        for len in 0..RECEIPT_LEN {
            assert_eq!(Receipt::decode(&bytes[..len]), Err(ReceiptError::Length { expected: RECEIPT_LEN, found: len }));
        }
        let mut long = std::vec::Vec::from(bytes);
        long.push(0);
        assert_eq!(Receipt::decode(&long), Err(ReceiptError::Length { expected: RECEIPT_LEN, found: RECEIPT_LEN + 1 }));
    }

    #[test]
    fn an_unknown_version_is_refused() {
        let mut bytes = sample().encode();
        bytes[0] = 2;
        assert_eq!(Receipt::decode(&bytes), Err(ReceiptError::Version(2)));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..700)) {
            let _ = Receipt::decode(&bytes);
            let _ = ReceiptCore::decode(&bytes);
        }
    }
}
