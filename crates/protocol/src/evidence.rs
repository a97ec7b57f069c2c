//! Evidence: a fault that a program can check by itself. The arbiter writes it, the market punishes it. One layout,
//! one table of penalties, fixed here, for both.
//!
//! What is not in this table is a matter of opinion: a quorum decides it, and no more than the job's lock is at stake.

use crate::amount::{self, AmountError};
use crate::ids::{Key, UnixSeconds};
use crate::limits;

/// What was proved. The codes are part of the account layout.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum EvidenceKind {
    /// A provider signed two receipts of one attempt.
    ReceiptEquivocation = 1,
    /// A validator signed two opinions in one round.
    AttestationEquivocation = 2,
    /// A validator committed to an opinion and did not reveal it in time.
    MissedReveal = 3,
    /// A validator called a receipt valid that was planted to be false.
    FailedPlant = 4,
    /// A provider failed a job whose answer was known before.
    FailedRinger = 5,
    /// A validator dissented in a first round as nobody can who judges by the rules, and the second found the receipt
    /// valid (`quorum::Votes::wrong_dissent`).
    WrongDissent = 6,
}

/// Every kind, for exhaustive tests.
pub const EVIDENCE_KINDS: [EvidenceKind; 6] = [
    EvidenceKind::ReceiptEquivocation,
    EvidenceKind::AttestationEquivocation,
    EvidenceKind::MissedReveal,
    EvidenceKind::FailedPlant,
    EvidenceKind::FailedRinger,
    EvidenceKind::WrongDissent,
];

impl EvidenceKind {
    /// The kind with this code, if there is one.
    pub const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::ReceiptEquivocation,
            2 => Self::AttestationEquivocation,
            3 => Self::MissedReveal,
            4 => Self::FailedPlant,
            5 => Self::FailedRinger,
            6 => Self::WrongDissent,
            _ => return None,
        })
    }

    /// Word for people and for machine-readable summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ReceiptEquivocation => "receipt_equivocation",
            Self::AttestationEquivocation => "attestation_equivocation",
            Self::MissedReveal => "missed_reveal",
            Self::FailedPlant => "failed_plant",
            Self::FailedRinger => "failed_ringer",
            Self::WrongDissent => "wrong_dissent",
        }
    }

    /// Whether the offender is punished as a provider (by its lock on the job and the providers' minimum) or as a
    /// validator.
    pub const fn is_providers(self) -> bool {
        matches!(self, Self::ReceiptEquivocation | Self::FailedRinger)
    }

    /// Whether somebody had to find the evidence: only then is there a bounty. A missed reveal and a wrong dissent
    /// are read off the chain.
    pub const fn earns_bounty(self) -> bool {
        !matches!(self, Self::MissedReveal | Self::WrongDissent)
    }
}

/// Version of the layout of an `Evidence` account.
pub const EVIDENCE_VERSION: u8 = 1;
/// First eight bytes of an `Evidence` account: `sha256("account:Evidence")[..8]`, Anchor's rule.
pub const EVIDENCE_DISCRIMINATOR: [u8; 8] = [0xa0, 0x49, 0x5d, 0xce, 0x63, 0xf2, 0x3e, 0x5c];
/// Bytes of an `Evidence` account after the discriminator.
///
/// | at | field | bytes |
/// |---|---|---|
/// | 0 | version | 1 |
/// | 1 | kind | 1 |
/// | 2 | attempt | u16 LE |
/// | 4 | round, or zero | 1 |
/// | 5 | reserved | 3 |
/// | 8 | nonce: the life of the job's address | u64 LE |
/// | 16 | recorded_at | i64 LE |
/// | 24 | job | 32 |
/// | 56 | offender: the wallet that owns the stake | 32 |
/// | 88 | subject | 32 |
/// | 120 | reporter: the wallet that receives the bounty | 32 |
/// | 152 | rent_payer | 32 |
/// | 184 | reserved | 64 |
///
/// The arbiter keeps it at `evidence`, offender, kind (u8), subject. The subject is `sha256` over what makes the
/// offence one offence (job, nonce, attempt and, for a validator, the round), never over the messages that prove it:
/// a third contradictory message is no second offence. An account that exists is never closed while its offence could
/// be reported again.
pub const EVIDENCE_LEN: usize = 248;

/// A decoded `Evidence` account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EvidenceRecord {
    pub kind: EvidenceKind,
    pub attempt: u16,
    /// The round in which a validator offended; zero for providers.
    pub round: u8,
    pub nonce: u64,
    pub recorded_at: UnixSeconds,
    pub job: Key,
    /// The wallet that owns the stake.
    pub offender: Key,
    /// Names the offence.
    pub subject: Key,
    pub reporter: Key,
}

/// Why bytes are not evidence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EvidenceError {
    Length { found: usize },
    Discriminator,
    Version(u8),
    Kind(u8),
}

impl EvidenceRecord {
    /// Reads the data of an `Evidence` account, discriminator included. The caller checks the account's owner.
    ///
    /// # Errors
    /// [`EvidenceError`] names what does not fit.
    pub fn decode(data: &[u8]) -> Result<Self, EvidenceError> {
        if data.len() != 8 + EVIDENCE_LEN {
            return Err(EvidenceError::Length { found: data.len() });
        }
        if data[..8] != EVIDENCE_DISCRIMINATOR {
            return Err(EvidenceError::Discriminator);
        }
        let d = &data[8..];
        if d[0] != EVIDENCE_VERSION {
            return Err(EvidenceError::Version(d[0]));
        }
        Ok(Self {
            kind: EvidenceKind::from_code(d[1]).ok_or(EvidenceError::Kind(d[1]))?,
            attempt: u16::from_le_bytes(take(d, 2)),
            round: d[4],
            nonce: u64::from_le_bytes(take(d, 8)),
            recorded_at: i64::from_le_bytes(take(d, 16)),
            job: take(d, 24),
            offender: take(d, 56),
            subject: take(d, 88),
            reporter: take(d, 120),
        })
    }
}

/// The bytes whose SHA-256 is an offence's subject: kind, job, nonce, attempt, round.
pub fn subject_bytes(kind: EvidenceKind, job: &Key, nonce: u64, attempt: u16, round: u8) -> [u8; 44] {
    let mut out = [0u8; 44];
    out[0] = kind as u8;
    out[1..33].copy_from_slice(job);
    out[33..41].copy_from_slice(&nonce.to_le_bytes());
    out[41..43].copy_from_slice(&attempt.to_le_bytes());
    out[43] = round;
    out
}

/// What a penalty is measured by, atoms of the stake mint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Liable {
    /// The lock of the job in question, if it is known and has not been slashed already.
    pub lock: u64,
    /// All of the offender's stake that no slash has taken or set aside: bonded and unbonding.
    pub stake: u64,
    /// Set by governance.
    pub missed_reveal_slash: u64,
    /// What a member of the offender's role must stake at least.
    pub stake_min: u64,
}

/// The table: what an offence costs, never more than there is.
///
/// | offence | penalty |
/// |---|---|
/// | receipt equivocation | the job's lock and 10 % of the stake |
/// | attestation equivocation | half of the stake |
/// | missed reveal | a fixed amount, set by governance |
/// | failed plant, failed ringer, wrong dissent | a fixed amount: 10 % of the role's least stake |
///
/// # Errors
/// [`AmountError::Overflow`] if lock and share together exceed 64 bits.
pub fn penalty(kind: EvidenceKind, liable: Liable) -> Result<u64, AmountError> {
    let asked = match kind {
        EvidenceKind::ReceiptEquivocation => {
            amount::plus(liable.lock, amount::share(liable.stake, limits::RECEIPT_EQUIVOCATION_BPS)?)?
        }
        EvidenceKind::AttestationEquivocation => amount::share(liable.stake, limits::ATTESTATION_EQUIVOCATION_BPS)?,
        EvidenceKind::MissedReveal => liable.missed_reveal_slash,
        EvidenceKind::FailedPlant | EvidenceKind::FailedRinger | EvidenceKind::WrongDissent => {
            amount::share(liable.stake_min, limits::FAILED_PLANT_BPS)?
        }
    };
    Ok(asked.min(liable.stake))
}

/// What the reporter gets of `slashed` atoms: nothing for what the chain shows by itself, and nothing for reporting
/// oneself. At a fifth at most, an offender who reports itself through somebody else still loses four fifths.
///
/// # Errors
/// None in fact: the share is a constant below one.
pub fn bounty(kind: EvidenceKind, slashed: u64, offender: &Key, reporter: &Key) -> Result<u64, AmountError> {
    if !kind.earns_bounty() || offender == reporter {
        return Ok(0);
    }
    amount::share(slashed, limits::EVIDENCE_BOUNTY_BPS)
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
    use proptest::prelude::*;

    #[test]
    fn the_discriminator_is_anchors() {
        assert_eq!(crate::sha256(&[b"account:Evidence"])[..8], EVIDENCE_DISCRIMINATOR);
    }

    #[test]
    fn bytes_that_are_no_evidence_are_refused_by_name() {
        let mut data = [0u8; 8 + EVIDENCE_LEN];
        assert_eq!(EvidenceRecord::decode(&data), Err(EvidenceError::Discriminator));
        data[..8].copy_from_slice(&EVIDENCE_DISCRIMINATOR);
        assert_eq!(EvidenceRecord::decode(&data), Err(EvidenceError::Version(0)));
        data[8] = EVIDENCE_VERSION;
        for kind in [0, 7, u8::MAX] {
            data[9] = kind;
            assert_eq!(EvidenceRecord::decode(&data), Err(EvidenceError::Kind(kind)));
        }
        data[9] = 6;
        assert!(EvidenceRecord::decode(&data).is_ok());
        for length in 0..data.len() {
            assert_eq!(EvidenceRecord::decode(&data[..length]), Err(EvidenceError::Length { found: length }));
        }
    }

    #[test]
    fn every_field_is_read_from_its_place() {
        let mut data = [0u8; 8 + EVIDENCE_LEN];
        data[..8].copy_from_slice(&EVIDENCE_DISCRIMINATOR);
        data[8..13].copy_from_slice(&[1, 2, 3, 0, 4]);
        data[16..24].copy_from_slice(&5u64.to_le_bytes());
        data[24..32].copy_from_slice(&(-6i64).to_le_bytes());
        for (field, value) in [7u8, 8, 9, 10, 11].into_iter().enumerate() {
            data[32 + 32 * field..64 + 32 * field].fill(value);
        }
        let expected = EvidenceRecord {
            kind: EvidenceKind::AttestationEquivocation,
            attempt: 3,
            round: 4,
            nonce: 5,
            recorded_at: -6,
            job: [7; 32],
            offender: [8; 32],
            subject: [9; 32],
            reporter: [10; 32],
        };
        assert_eq!(EvidenceRecord::decode(&data), Ok(expected));
    }

    #[test]
    fn codes_round_trip() {
        for kind in EVIDENCE_KINDS {
            assert_eq!(EvidenceKind::from_code(kind as u8), Some(kind));
        }
    }

    #[test]
    fn the_table_of_penalties() {
        let liable = Liable { lock: 100, stake: 1_000, missed_reveal_slash: 7, stake_min: 500 };
        let found = EVIDENCE_KINDS.map(|kind| penalty(kind, liable));
        assert_eq!(found, [Ok(200), Ok(500), Ok(7), Ok(50), Ok(50), Ok(50)]);
        let poor = Liable { stake: 5, ..liable };
        assert_eq!(EVIDENCE_KINDS.map(|kind| penalty(kind, poor)), [Ok(5), Ok(2), Ok(5), Ok(5), Ok(5), Ok(5)]);
        let endless = Liable { lock: u64::MAX, stake: u64::MAX, ..liable };
        assert_eq!(penalty(EvidenceKind::ReceiptEquivocation, endless), Err(AmountError::Overflow));
    }

    #[test]
    fn two_offences_have_two_subjects() {
        let one = subject_bytes(EvidenceKind::MissedReveal, &[1; 32], 2, 3, 1);
        let others = [
            subject_bytes(EvidenceKind::FailedPlant, &[1; 32], 2, 3, 1),
            subject_bytes(EvidenceKind::MissedReveal, &[2; 32], 2, 3, 1),
            subject_bytes(EvidenceKind::MissedReveal, &[1; 32], 3, 3, 1),
            subject_bytes(EvidenceKind::MissedReveal, &[1; 32], 2, 4, 1),
            subject_bytes(EvidenceKind::MissedReveal, &[1; 32], 2, 3, 2),
        ];
        assert!(others.iter().all(|other| *other != one));
    }

    proptest! {
        /// Whoever reports itself, openly or through a friend, has less than if it had kept silent and been found out
        /// by nobody, and loses at least four fifths of the penalty.
        #[test]
        fn reporting_oneself_never_pays(code in 1u8..=6, lock: u32, stake: u64, fixed: u64, least: u64) {
            let kind = EvidenceKind::from_code(code).unwrap();
            let liable =
                Liable { lock: u64::from(lock), stake: stake >> 1, missed_reveal_slash: fixed, stake_min: least };
            let lost = penalty(kind, liable).unwrap();
            prop_assert!(lost <= liable.stake);
            prop_assert_eq!(bounty(kind, lost, &[1; 32], &[1; 32]).unwrap(), 0);
            let gained = bounty(kind, lost, &[1; 32], &[2; 32]).unwrap();
            prop_assert!(gained <= lost / 5);
        }
    }
}
