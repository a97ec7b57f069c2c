//! The verdict: the arbiter writes it, the market reads it. One layout, fixed here, for both.

use crate::ids::Key;
use crate::limits::COMMITTEE_MAX;

/// What a committee can find, and what one validator can think. The codes are part of layouts and signed bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum Opinion {
    /// The receipt is true.
    Valid = 1,
    /// The receipt is false: independent re-executions agree with one another and not with it.
    Invalid = 2,
    /// The provider does not serve the data.
    Unavailable = 3,
    /// Not decidable on what there is (for instance one re-execution that differs: who lies?).
    Inconclusive = 4,
}

impl Opinion {
    /// The opinion with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Valid,
            2 => Self::Invalid,
            3 => Self::Unavailable,
            4 => Self::Inconclusive,
            _ => return None,
        })
    }

    /// Word for people and for machine-readable summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Unavailable => "unavailable",
            Self::Inconclusive => "inconclusive",
        }
    }
}

/// Version of the layout of a `Verdict` account.
pub const VERDICT_VERSION: u8 = 1;
/// First eight bytes of a `Verdict` account: `sha256("account:Verdict")[..8]`, Anchor's rule.
pub const VERDICT_DISCRIMINATOR: [u8; 8] = [0xa9, 0x01, 0xab, 0x45, 0x18, 0x6a, 0x42, 0xc1];
/// Bytes of a `Verdict` account after the discriminator.
pub const VERDICT_LEN: usize = 296;

/// Who judged: whoever judges the same receipt again looks for others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Judges {
    /// Epoch of the first round's set; the last round's is the verdict's.
    pub first_epoch: u32,
    /// Seats of the first and of the second round; zero if there was none.
    pub seats: [u8; 2],
    /// Who sat on them: places in the set of the round's epoch.
    pub members: [[u8; COMMITTEE_MAX]; 2],
}

/// A decoded `Verdict` account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerdictRecord {
    pub opinion: Opinion,
    /// Rounds it took: 1, or 2 after an escalation; 3 on an appeal.
    pub rounds: u8,
    /// Bits of the re-executors (0, 1) whose result the verdict confirms: they are owed payment.
    pub confirmed_executors: u8,
    pub attempt: u16,
    pub agreeing: u8,
    pub committee: u8,
    pub epoch: u32,
    /// Binds the verdict to one life of the job's address.
    pub nonce: u64,
    pub decided_at: i64,
    /// Metered time of each re-execution, milliseconds; zero if there was none.
    pub reexecution_ms: [u64; 2],
    pub job: Key,
    pub receipt_hash: Key,
    /// The output root that the committee stands for (zero unless valid).
    pub output_root: Key,
    /// Market `Provider` accounts of the re-executors; zero if there was none.
    pub executors: [Key; 2],
    pub judges: Judges,
}

/// Why bytes are not a verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VerdictError {
    Length { found: usize },
    Discriminator,
    Version(u8),
    Opinion(u8),
}

impl VerdictRecord {
    /// Reads the data of a `Verdict` account, discriminator included. The caller checks the account's owner.
    ///
    /// # Errors
    /// [`VerdictError`] names what does not fit.
    pub fn decode(data: &[u8]) -> Result<Self, VerdictError> {
        if data.len() < 8 + VERDICT_LEN {
            return Err(VerdictError::Length { found: data.len() });
        }
        if data[..8] != VERDICT_DISCRIMINATOR {
            return Err(VerdictError::Discriminator);
        }
        let d = &data[8..];
        if d[0] != VERDICT_VERSION {
            return Err(VerdictError::Version(d[0]));
        }
        Ok(Self {
            opinion: Opinion::from_code(d[1]).ok_or(VerdictError::Opinion(d[1]))?,
            rounds: d[2],
            confirmed_executors: d[3],
            attempt: u16::from_le_bytes(take(d, 4)),
            agreeing: d[6],
            committee: d[7],
            epoch: u32::from_le_bytes(take(d, 8)),
            nonce: u64::from_le_bytes(take(d, 16)),
            decided_at: i64::from_le_bytes(take(d, 24)),
            reexecution_ms: [u64::from_le_bytes(take(d, 32)), u64::from_le_bytes(take(d, 40))],
            job: take(d, 48),
            receipt_hash: take(d, 80),
            output_root: take(d, 112),
            executors: [take(d, 144), take(d, 176)],
            judges: Judges {
                first_epoch: u32::from_le_bytes(take(d, 240)),
                seats: take(d, 244),
                members: [take(d, 246), take(d, 255)],
            },
        })
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
    fn the_discriminator_is_anchors() {
        assert_eq!(crate::sha256(&[b"account:Verdict"])[..8], VERDICT_DISCRIMINATOR);
    }

    #[test]
    fn bytes_that_are_no_verdict_are_refused_by_name() {
        let mut data = [0u8; 8 + VERDICT_LEN];
        assert_eq!(VerdictRecord::decode(&data[1..]), Err(VerdictError::Length { found: VERDICT_LEN + 7 }));
        assert_eq!(VerdictRecord::decode(&data), Err(VerdictError::Discriminator));
        data[..8].copy_from_slice(&VERDICT_DISCRIMINATOR);
        assert_eq!(VerdictRecord::decode(&data), Err(VerdictError::Version(0)));
        data[8] = VERDICT_VERSION;
        assert_eq!(VerdictRecord::decode(&data), Err(VerdictError::Opinion(0)));
        data[9] = 1;
        assert!(VerdictRecord::decode(&data).is_ok());
    }
}
