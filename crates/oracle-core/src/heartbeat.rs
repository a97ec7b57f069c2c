//! Heartbeats: into which slots and periods time is cut, what one slot says, and what a validator saw of a period.
//!
//! A slot is asked about once. It counts only if the validator reached anybody in it: whoever sees nobody is cut off
//! itself, and says nothing about others. What is counted is entered slot by slot, in order, so that a restart can
//! lose the slot under way and cannot count one twice.

use std::collections::BTreeMap;

use proofmill_protocol::{
    Key, UnixSeconds,
    uptime::{BUCKET_SECONDS, BUCKET_SLOTS_MAX},
};

use crate::limits::{
    HEARTBEAT_SECONDS, HEARTBEAT_SECONDS_SHORT, PERIOD_SECONDS_LONG, PERIOD_SECONDS_MIN, PERIOD_STEP_SECONDS,
    TALLIED_MAX,
};

const _: () = assert!(BUCKET_SECONDS as u32 / HEARTBEAT_SECONDS == BUCKET_SLOTS_MAX as u32);
const _: () = assert!(PERIOD_SECONDS_LONG / HEARTBEAT_SECONDS_SHORT <= BUCKET_SLOTS_MAX as u32);
const _: () = assert!(
    PERIOD_STEP_SECONDS.is_multiple_of(HEARTBEAT_SECONDS)
        && PERIOD_STEP_SECONDS.is_multiple_of(HEARTBEAT_SECONDS_SHORT)
);
const _: () = assert!(PERIOD_SECONDS_MIN.is_multiple_of(PERIOD_STEP_SECONDS));

/// Why there is no such cadence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a period of {seconds} s is none: it must be a multiple of {PERIOD_STEP_SECONDS} from {PERIOD_SECONDS_MIN} to \
     {BUCKET_SECONDS}"
)]
pub struct CadenceError {
    seconds: u32,
}

/// How time is cut: periods, each of which gets one root, and slots, each of which gets one heartbeat. Both are counted
/// from 1970, so that all validators cut alike without talking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    period_seconds: u32,
    slot_seconds: u32,
}

impl Cadence {
    /// Periods of this many seconds. Short ones, of local networks, have short slots.
    ///
    /// # Errors
    /// [`CadenceError`]: slots would not fill it, or it is longer than the bucket in which the market counts.
    pub fn new(period_seconds: u32) -> Result<Self, CadenceError> {
        let longest = u32::try_from(BUCKET_SECONDS).unwrap_or(u32::MAX);
        if !(PERIOD_SECONDS_MIN..=longest).contains(&period_seconds)
            || !period_seconds.is_multiple_of(PERIOD_STEP_SECONDS)
        {
            return Err(CadenceError { seconds: period_seconds });
        }
        let slot_seconds =
            if period_seconds >= PERIOD_SECONDS_LONG { HEARTBEAT_SECONDS } else { HEARTBEAT_SECONDS_SHORT };
        Ok(Self { period_seconds, slot_seconds })
    }

    /// Seconds of a period.
    pub const fn period_seconds(&self) -> u32 {
        self.period_seconds
    }

    /// Seconds of a slot.
    pub const fn slot_seconds(&self) -> u32 {
        self.slot_seconds
    }

    /// Slots of a period.
    pub fn slots(&self) -> u16 {
        u16::try_from(self.period_seconds / self.slot_seconds).unwrap_or(BUCKET_SLOTS_MAX)
    }

    /// The slot at `now`; zero before 1970.
    pub fn slot_at(&self, now: UnixSeconds) -> u64 {
        u64::try_from(now).unwrap_or(0) / u64::from(self.slot_seconds)
    }

    /// When a slot begins.
    pub fn slot_begins(&self, slot: u64) -> UnixSeconds {
        i64::try_from(slot.saturating_mul(u64::from(self.slot_seconds))).unwrap_or(i64::MAX)
    }

    /// Number of the period at `now`, which numbers its root too.
    pub fn sequence_at(&self, now: UnixSeconds) -> u32 {
        sequence_at(now, self.period_seconds)
    }

    /// Number of the period that a slot belongs to.
    pub fn sequence_of(&self, slot: u64) -> u32 {
        self.sequence_at(self.slot_begins(slot))
    }

    /// What a period covers.
    pub fn covers(&self, sequence: u32) -> (UnixSeconds, UnixSeconds) {
        covers(sequence, self.period_seconds)
    }
}

/// Number of the period of `seconds` at `now`.
pub fn sequence_at(now: UnixSeconds, seconds: u32) -> u32 {
    let whole = u64::try_from(now).unwrap_or(0).checked_div(u64::from(seconds)).unwrap_or(0);
    u32::try_from(whole).unwrap_or(u32::MAX)
}

/// What period number `sequence` of `seconds` each covers: from, until.
pub fn covers(sequence: u32, seconds: u32) -> (UnixSeconds, UnixSeconds) {
    let from = i64::from(sequence).saturating_mul(i64::from(seconds));
    (from, from.saturating_add(i64::from(seconds)))
}

/// Whether a slot counts: somebody answered in it, a provider or, where none did, a fellow validator.
pub fn slot_counts(heard: &BTreeMap<Key, bool>, fellow_answered: bool) -> bool {
    fellow_answered || heard.values().any(|answered| *answered)
}

/// Heartbeats of one provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tally {
    /// Slots in which it answered.
    pub up: u16,
    /// Slots that count.
    pub total: u16,
}

/// Why a slot is not entered, or a record is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TallyError {
    /// This slot is entered already, or a later one is.
    #[error("slot {slot} does not come after slot {last}, which is entered")]
    NotLater {
        /// The slot.
        slot: u64,
        /// The last one entered.
        last: u64,
    },
    /// The slot is another period's.
    #[error("slot {slot} is not of period {sequence}")]
    OtherPeriod {
        /// The slot.
        slot: u64,
        /// The period.
        sequence: u32,
    },
    /// The bytes are no record.
    #[error("{found} bytes are no record of heartbeats; restore the data directory, or this period is lost")]
    Unreadable {
        /// How many there are.
        found: usize,
    },
}

/// What a validator saw of one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodTally {
    cadence: Cadence,
    sequence: u32,
    /// Last slot entered; zero before the first.
    last: u64,
    /// By the market's `Provider` account.
    tallies: BTreeMap<Key, Tally>,
}

const TALLY_VERSION: u8 = 1;
const TALLY_HEAD: usize = 1 + 4 + 4 + 8;
const TALLY_ROW: usize = 32 + 2 + 2;

impl PeriodTally {
    /// Nothing seen yet.
    pub const fn new(cadence: Cadence, sequence: u32) -> Self {
        Self { cadence, sequence, last: 0, tallies: BTreeMap::new() }
    }

    /// How time was cut.
    pub const fn cadence(&self) -> Cadence {
        self.cadence
    }

    /// Which period it is.
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// What was seen of each provider, by its account.
    pub const fn tallies(&self) -> &BTreeMap<Key, Tally> {
        &self.tallies
    }

    /// What was seen of one.
    pub fn of(&self, provider: &Key) -> Tally {
        self.tallies.get(provider).copied().unwrap_or_default()
    }

    /// Whether this slot can still be entered.
    pub fn takes(&self, slot: u64) -> bool {
        slot > self.last && self.cadence.sequence_of(slot) == self.sequence
    }

    /// Enters a slot that counts: who answered and who did not.
    ///
    /// # Errors
    /// [`TallyError`]; nothing changes.
    pub fn enter(&mut self, slot: u64, heard: &BTreeMap<Key, bool>) -> Result<(), TallyError> {
        if self.cadence.sequence_of(slot) != self.sequence {
            return Err(TallyError::OtherPeriod { slot, sequence: self.sequence });
        }
        if slot <= self.last {
            return Err(TallyError::NotLater { slot, last: self.last });
        }
        self.last = slot;
        let most = self.cadence.slots();
        for (provider, answered) in heard {
            if self.tallies.len() >= TALLIED_MAX && !self.tallies.contains_key(provider) {
                continue;
            }
            let tally = self.tallies.entry(*provider).or_default();
            // A period has no more slots than these, each of which is entered once.
            tally.total = tally.total.saturating_add(1).min(most);
            tally.up = tally.up.saturating_add(u16::from(*answered)).min(tally.total);
        }
        Ok(())
    }

    /// The bytes that are kept.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(TALLY_HEAD.saturating_add(self.tallies.len().saturating_mul(TALLY_ROW)));
        out.push(TALLY_VERSION);
        out.extend(self.cadence.period_seconds.to_le_bytes());
        out.extend(self.sequence.to_le_bytes());
        out.extend(self.last.to_le_bytes());
        for (provider, tally) in &self.tallies {
            out.extend(provider);
            out.extend(tally.up.to_le_bytes());
            out.extend(tally.total.to_le_bytes());
        }
        out
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// [`TallyError::Unreadable`].
    pub fn decode(bytes: &[u8]) -> Result<Self, TallyError> {
        Self::read(bytes).ok_or(TallyError::Unreadable { found: bytes.len() })
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let (period, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (last, rest) = rest.split_first_chunk()?;
        let cadence = Cadence::new(u32::from_le_bytes(*period)).ok()?;
        let rows = rest.chunks_exact(TALLY_ROW);
        if version != TALLY_VERSION || !rows.remainder().is_empty() || rows.len() > TALLIED_MAX {
            return None;
        }
        let mut tallies = BTreeMap::new();
        for row in rows {
            let (provider, row) = row.split_first_chunk()?;
            let (up, row) = row.split_first_chunk()?;
            let tally = Tally { up: u16::from_le_bytes(*up), total: u16::from_le_bytes(*row.first_chunk()?) };
            if tally.up > tally.total || tally.total > cadence.slots() || tallies.insert(*provider, tally).is_some() {
                return None;
            }
        }
        Some(Self { cadence, sequence: u32::from_le_bytes(*sequence), last: u64::from_le_bytes(*last), tallies })
    }
}
