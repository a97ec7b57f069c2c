//! Who brings commitments on chain. Seats serve one another their signed commitments, and the first of each group posts
//! what it gathered in one transaction. Whoever does not see its own on chain in time sends it alone, so that a silent or
//! lying aggregator costs a delay and nothing else.
//!
//! There is one commitment per seat and round: it follows from the recorded answer and its salt, so that it does not
//! matter who carries it, how often, or what was killed in between.

use std::ops::Range;

use proofmill_protocol::{
    Key, UnixSeconds,
    quorum::{Phase, Windows},
};

use crate::limits::{
    ALONE_AFTER_SECONDS, ALONE_DIVISOR, COMMITMENTS_PER_TRANSACTION, POST_AFTER_SECONDS, POST_DIVISOR,
};

/// What a seat with a recorded answer does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitStep {
    /// Ask the others of its group for their commitments: it is the first.
    Gather,
    /// Post what was gathered, with its own.
    Post,
    /// Look again: the first of its group may still post.
    Wait,
    /// Send its own.
    Alone,
    /// Its commitment is on chain.
    Done,
    /// No commitments are taken any more.
    TooLate,
}

/// What the choice follows from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitFacts {
    /// The round's windows.
    pub windows: Windows,
    /// When this seat's answer was recorded, or found on record.
    pub ready_at: UnixSeconds,
}

impl CommitFacts {
    /// The seats whose commitments travel together with that of `seat`, in the order of the draw: as many as one
    /// transaction takes. The first of them posts.
    pub fn group(&self, seat: u8) -> Range<u8> {
        let first = seat.saturating_sub(seat.checked_rem(COMMITMENTS_PER_TRANSACTION).unwrap_or(0));
        first..first.saturating_add(COMMITMENTS_PER_TRANSACTION).min(self.windows.seats)
    }

    /// Seats of the group of `seat`, other than itself, that have not committed.
    pub fn lacking(&self, seat: u8) -> u16 {
        let group = self.group(seat).fold(0, |bits, member| bits | bit(member));
        group & !bit(seat) & !self.windows.committed
    }

    /// When the first of a group posts what it has, whoever is missing.
    pub fn post_at(&self) -> UnixSeconds {
        self.ready_at.saturating_add(POST_AFTER_SECONDS.min(self.left() / POST_DIVISOR))
    }

    /// When a seat stops waiting for the first of its group.
    pub fn alone_at(&self) -> UnixSeconds {
        self.ready_at.saturating_add(ALONE_AFTER_SECONDS.min(self.left() / ALONE_DIVISOR))
    }

    /// What `seat` does now. `gathered` are the seats whose commitments it holds.
    pub fn step(&self, seat: u8, gathered: u16, now: UnixSeconds) -> CommitStep {
        if self.windows.committed & bit(seat) != 0 {
            return CommitStep::Done;
        }
        if self.windows.phase(now) != Phase::Committing {
            return CommitStep::TooLate;
        }
        let first = self.group(seat).start;
        if seat == first {
            let complete = self.lacking(seat) & !gathered == 0;
            return if complete || now >= self.post_at() { CommitStep::Post } else { CommitStep::Gather };
        }
        // The first has posted, and did not take this seat along: it will not do so later.
        let left_out = self.windows.committed & bit(first) != 0;
        if left_out || now >= self.alone_at() { CommitStep::Alone } else { CommitStep::Wait }
    }

    fn left(&self) -> i64 {
        self.windows.commit_until.saturating_sub(self.ready_at).max(0)
    }
}

const fn bit(seat: u8) -> u16 {
    if (seat as u32) < u16::BITS { 1 << seat } else { 0 }
}

/// Bytes of a served commitment: version, seat, commitment, signature.
pub const COMMITMENT_LEN: usize = 2 + 32 + 64;
/// Version of that layout.
const COMMITMENT_VERSION: u8 = 1;

/// What one seat commits to, signed, so that another may carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatCommitment {
    /// Its seat.
    pub seat: u8,
    /// What it will be held to.
    pub commitment: Key,
    /// The vote key's signature over `proofmill_protocol::attestation::Commitment`.
    pub signature: [u8; 64],
}

impl SeatCommitment {
    /// The bytes that peers are served.
    pub fn encode(&self) -> [u8; COMMITMENT_LEN] {
        let mut out = [0u8; COMMITMENT_LEN];
        out[..2].copy_from_slice(&[COMMITMENT_VERSION, self.seat]);
        out[2..34].copy_from_slice(&self.commitment);
        out[34..].copy_from_slice(&self.signature);
        out
    }

    /// Reads what a peer served; nothing, if it is no commitment.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != COMMITMENT_LEN || *bytes.first()? != COMMITMENT_VERSION {
            return None;
        }
        Some(Self {
            seat: *bytes.get(1)?,
            commitment: *bytes.get(2..)?.first_chunk()?,
            signature: *bytes.get(34..)?.first_chunk()?,
        })
    }
}
