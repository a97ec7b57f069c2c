//! What a validator saw of a running service, and what total it therefore witnesses.
//!
//! A validator believes a total that both node keys signed, and adds only the time between two looks at which the service
//! answered. It witnesses no more than the node's own signed total either. A total that validators witnessed is believed
//! only where it lies so far from the own that this validator cannot have signed it: then a quorum saw what it missed. Within
//! the tolerance everybody keeps its own count, so that no proposer adds its slack again and again.

use proofmill_protocol::{Key, UnixSeconds, witness::UsageLeaf};

use crate::limits::{CLAIM_LAG_LOOKS, LOOK_GAP_FACTOR, USAGE_NEED_DIVISOR, USAGE_TOLERANCE_BPS, USAGE_TOLERANCE_LOOKS};

/// One attempt in one life of a service's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageSubject {
    /// The job.
    pub job: Key,
    /// The attempt.
    pub attempt: u16,
    /// The life.
    pub nonce: u64,
}

impl UsageSubject {
    /// Whom a leaf is about.
    pub const fn of(leaf: &UsageLeaf) -> Self {
        Self { job: leaf.job, attempt: leaf.attempt, nonce: leaf.nonce }
    }
}

/// What a look at a service brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageLook {
    /// When, on the chain's clock.
    pub at: UnixSeconds,
    /// The total on chain at that time.
    pub on_chain_ms: u64,
    /// Whether that total was witnessed by validators; else both node keys signed it.
    pub witnessed: bool,
    /// The node's signed total; none if the service did not answer.
    pub reported_ms: Option<u64>,
}

/// What was seen of one service. It begins with the first look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsageSeen {
    look_seconds: u32,
    /// The total on chain that the rest is counted from.
    base_ms: u64,
    /// Time seen alive since.
    alive_ms: u64,
    reported_ms: u64,
    answered_at: Option<UnixSeconds>,
    looked_at: UnixSeconds,
}

/// When the usage of a service has to be witnessed: its newest total on chain is older than half of the silence
/// that kills it. A service whose tenant signs has none that old.
pub const fn needs_witness(usage_at: UnixSeconds, usage_timeout_seconds: u32, now: UnixSeconds) -> bool {
    now.saturating_sub(usage_at) >= (usage_timeout_seconds / USAGE_NEED_DIVISOR) as i64
}

impl UsageSeen {
    /// Begins with a look; `look_seconds` is the pause between two.
    pub fn begin(look: &UsageLook, look_seconds: u32) -> Self {
        Self {
            look_seconds: look_seconds.max(1),
            base_ms: look.on_chain_ms,
            alive_ms: 0,
            reported_ms: look.reported_ms.unwrap_or(0),
            answered_at: look.reported_ms.map(|_| look.at),
            looked_at: look.at,
        }
    }

    /// Takes in another look. One that is not later changes nothing.
    pub fn look(&mut self, look: &UsageLook) {
        if look.at <= self.looked_at {
            return;
        }
        self.looked_at = look.at;
        if let Some(reported) = look.reported_ms {
            if let Some(before) = self.answered_at {
                let gap = look.at.saturating_sub(before);
                // Between answers that lie too far apart nobody knows.
                if gap <= i64::from(self.look_seconds.saturating_mul(LOOK_GAP_FACTOR)) {
                    let gap_ms = u64::try_from(gap).unwrap_or(0).saturating_mul(1_000);
                    self.alive_ms = self.alive_ms.saturating_add(gap_ms);
                }
            }
            self.answered_at = Some(look.at);
            self.reported_ms = self.reported_ms.max(reported);
            // A node signs a new total now and then. What it does not claim for longer was a pause or an illness, and is
            // not kept for a claim to come.
            let lag = u64::from(self.look_seconds).saturating_mul(CLAIM_LAG_LOOKS).saturating_mul(1_000);
            let most = self.reported_ms.saturating_add(lag).saturating_sub(self.base_ms);
            self.alive_ms = self.alive_ms.min(most);
        } else {
            self.answered_at = None;
        }
        let own = self.base_ms.saturating_add(self.alive_ms);
        let trusted = if look.witnessed { own.saturating_add(self.slack_ms()) } else { own };
        if look.on_chain_ms > trusted {
            (self.base_ms, self.alive_ms) = (look.on_chain_ms, 0);
        }
    }

    /// The total that this validator stands behind, for a period that ended at `until`.
    pub fn witnessed_ms(&self, until: UnixSeconds) -> u64 {
        // What was seen after the end of the period is not part of it.
        let after = self.answered_at.map_or(0, |at| at.saturating_sub(until));
        let after_ms = u64::try_from(after).unwrap_or(0).saturating_mul(1_000);
        let seen = self.base_ms.saturating_add(self.alive_ms.saturating_sub(after_ms));
        seen.min(self.reported_ms)
    }

    /// When it was last looked at, on the chain's clock.
    pub const fn looked_at(&self) -> UnixSeconds {
        self.looked_at
    }

    /// Whether it answered when it was last looked at.
    pub const fn alive(&self) -> bool {
        self.answered_at.is_some()
    }

    /// Whether there is anything that the chain does not say already.
    pub fn says_more(&self, on_chain_ms: u64, until: UnixSeconds) -> bool {
        self.alive() && self.witnessed_ms(until) > on_chain_ms
    }

    /// How far another validator's total may lie from this one's, milliseconds.
    pub fn slack_ms(&self) -> u64 {
        let looks = u64::from(self.look_seconds).saturating_mul(USAGE_TOLERANCE_LOOKS).saturating_mul(1_000);
        looks.saturating_add(self.alive_ms.saturating_mul(USAGE_TOLERANCE_BPS) / 10_000)
    }

    /// The bytes that are kept.
    pub fn encode(&self) -> [u8; SEEN_LEN] {
        let mut out = [0; SEEN_LEN];
        out[..4].copy_from_slice(&self.look_seconds.to_le_bytes());
        out[4..12].copy_from_slice(&self.base_ms.to_le_bytes());
        out[12..20].copy_from_slice(&self.alive_ms.to_le_bytes());
        out[20..28].copy_from_slice(&self.reported_ms.to_le_bytes());
        out[28..36].copy_from_slice(&self.answered_at.unwrap_or(i64::MIN).to_le_bytes());
        out[36..].copy_from_slice(&self.looked_at.to_le_bytes());
        out
    }

    /// Reads what was kept; nothing if it is no such record.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (look_seconds, rest) = bytes.split_first_chunk()?;
        let (base_ms, rest) = rest.split_first_chunk()?;
        let (alive_ms, rest) = rest.split_first_chunk()?;
        let (reported_ms, rest) = rest.split_first_chunk()?;
        let (answered_at, rest) = rest.split_first_chunk()?;
        let (looked_at, rest) = rest.split_first_chunk()?;
        let answered_at = i64::from_le_bytes(*answered_at);
        rest.is_empty().then_some(Self {
            look_seconds: u32::from_le_bytes(*look_seconds).max(1),
            base_ms: u64::from_le_bytes(*base_ms),
            alive_ms: u64::from_le_bytes(*alive_ms),
            reported_ms: u64::from_le_bytes(*reported_ms),
            answered_at: (answered_at != i64::MIN).then_some(answered_at),
            looked_at: i64::from_le_bytes(*looked_at),
        })
    }
}

/// Bytes of a kept record.
const SEEN_LEN: usize = 4 + 5 * 8;
