//! Who reveals when. Reveals travel together where they can: the first seat in the ring asks the others for theirs and
//! sends all of them. Whoever was not taken along sends its own when its turn comes, so that nobody depends on anybody.

use proofmill_protocol::{
    Key, UnixSeconds,
    attestation::Attestation,
    quorum::{Phase, Windows},
    verdict::Opinion,
};

use crate::{
    ballot::commitment,
    limits::{FIRST_TURN_SECONDS, NEXT_TURN_SECONDS, REVEALS_PER_TRANSACTION, TURNS_DIVISOR},
};

/// What a seat does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevealStep {
    /// Not its turn, or seats still commit.
    Wait,
    /// Its turn: gather what the others serve, and send it together with the own.
    Send,
    /// Its reveal is on chain.
    Done,
    /// It never committed, or the window has passed.
    TooLate,
}

/// What a round says about its reveals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevealFacts {
    /// Its windows.
    pub windows: Windows,
    /// Seats that have spoken.
    pub spoken: u16,
}

impl RevealFacts {
    /// Seats that committed and have not spoken.
    pub const fn open(&self) -> u16 {
        self.windows.committed & !self.spoken
    }

    /// When the turn of `seat` comes. The ring is the seats that committed, in the order of the draw, which is another
    /// one in every round.
    pub fn turn_at(&self, seat: u8) -> UnixSeconds {
        let place = (0..seat).filter(|before| bit(*before) & self.windows.committed != 0).count();
        let place = i64::try_from(place).unwrap_or(i64::MAX);
        if place == 0 {
            return self.windows.commit_until;
        }
        let wanted = FIRST_TURN_SECONDS.saturating_add(NEXT_TURN_SECONDS.saturating_mul(place.saturating_sub(1)));
        // A short window shortens the turns: the last one begins in its first half.
        let window = self.windows.reveal_until.saturating_sub(self.windows.commit_until).max(0);
        let last = i64::from(self.windows.committed.count_ones()).saturating_sub(1).max(1);
        let most = (window / TURNS_DIVISOR).saturating_mul(place) / last;
        self.windows.commit_until.saturating_add(wanted.min(most))
    }

    /// What `seat` does now.
    pub fn step(&self, seat: u8, now: UnixSeconds) -> RevealStep {
        let own = bit(seat);
        if self.spoken & own != 0 {
            return RevealStep::Done;
        }
        match self.windows.phase(now) {
            Phase::Committing => RevealStep::Wait,
            _ if self.windows.committed & own == 0 => RevealStep::TooLate,
            Phase::Revealing if now >= self.turn_at(seat) => RevealStep::Send,
            Phase::Revealing => RevealStep::Wait,
            Phase::Over => RevealStep::TooLate,
        }
    }
}

const fn bit(seat: u8) -> u16 {
    if (seat as u32) < u16::BITS { 1 << seat } else { 0 }
}

/// Bytes of a served reveal: version, seat, opinion, confirmations, output root, salt, signature.
pub const REVEAL_LEN: usize = 4 + 32 + 32 + 64;
/// Version of that layout.
const REVEAL_VERSION: u8 = 1;

/// What one seat reveals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeatReveal {
    /// Its seat.
    pub seat: u8,
    /// What it says.
    pub opinion: Opinion,
    /// Bits of the re-executors it confirms.
    pub confirmed_executors: u8,
    /// The root found right; zero unless valid.
    pub output_root: Key,
    /// What hid the opinion.
    pub salt: Key,
    /// The vote key's signature.
    pub signature: [u8; 64],
}

impl SeatReveal {
    /// The bytes that peers are served.
    pub fn encode(&self) -> [u8; REVEAL_LEN] {
        let mut out = [0u8; REVEAL_LEN];
        out[..4].copy_from_slice(&[REVEAL_VERSION, self.seat, self.opinion as u8, self.confirmed_executors]);
        out[4..36].copy_from_slice(&self.output_root);
        out[36..68].copy_from_slice(&self.salt);
        out[68..].copy_from_slice(&self.signature);
        out
    }

    /// Reads what a peer served; nothing, if it is no reveal.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != REVEAL_LEN || *bytes.first()? != REVEAL_VERSION {
            return None;
        }
        Some(Self {
            seat: *bytes.get(1)?,
            opinion: Opinion::from_code(*bytes.get(2)?)?,
            confirmed_executors: *bytes.get(3)?,
            output_root: *bytes.get(4..)?.first_chunk()?,
            salt: *bytes.get(36..)?.first_chunk()?,
            signature: *bytes.get(68..)?.first_chunk()?,
        })
    }

    /// The attestation that this reveals; `question` is any attestation in the same round, of which only the round's
    /// part is read.
    pub fn attestation(&self, question: &Attestation, validator: Key) -> Attestation {
        Attestation {
            opinion: self.opinion,
            confirmed_executors: self.confirmed_executors,
            output_root: self.output_root,
            validator: proofmill_protocol::ids::ValidatorKey(validator),
            ..*question
        }
    }

    /// Whether this is what was committed to. The signature is checked by who has the key.
    pub fn opens(&self, attestation: &Attestation, on_chain: &Key) -> bool {
        commitment(attestation, &self.salt) == *on_chain
    }
}

/// What goes into one transaction: the own reveal first, then of `others` those that still lack, that share its output
/// root (one root is said once for all), each seat once, as many as fit.
pub fn compose(own: &SeatReveal, others: &[SeatReveal], open: u16) -> Vec<SeatReveal> {
    let mut out = vec![*own];
    let mut root = (own.opinion == Opinion::Valid).then_some(own.output_root);
    let mut taken = bit(own.seat);
    for other in others {
        let valid = other.opinion == Opinion::Valid;
        let fits = if valid { root.is_none_or(|root| root == other.output_root) } else { other.output_root == [0; 32] };
        let wanted = bit(other.seat) & open & !taken != 0;
        if !fits || !wanted || out.len() >= REVEALS_PER_TRANSACTION {
            continue;
        }
        if valid {
            root = Some(other.output_root);
        }
        taken |= bit(other.seat);
        out.push(*other);
    }
    out
}
