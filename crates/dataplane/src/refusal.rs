//! Why a server says no: a code a program can act on and a reason a person can read.

use std::fmt;

/// The code of a refusal; its number is the status byte of the response, where 0 means granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalCode {
    /// The request is malformed, or contradicts itself.
    BadRequest,
    /// The protocol version is not spoken here.
    UnsupportedVersion,
    /// The operation is not known here.
    UnknownOp,
    /// There is no such blob here.
    NotFound,
    /// The peer's key has no role in this job.
    NotAParty,
    /// The peer has a role in this job, which does not include this.
    NotAllowed,
    /// The blob is larger than its kind, or this node, allows.
    TooLarge,
    /// The bytes received do not have the declared hash.
    HashMismatch,
    /// Not now; the same request may succeed later.
    Busy,
    /// The blob is still being made.
    NotReady,
    /// The time for this has passed: the attempt has started.
    TooLate,
    /// The transfer was slower than the floor every transfer must keep.
    TooSlow,
    /// The server failed; the fault is not the peer's.
    Internal,
    /// A code this build does not know, from a newer peer.
    Unrecognised(u8),
}

impl RefusalCode {
    /// Every code this build gives a name.
    pub const NAMED: [RefusalCode; 13] = [
        RefusalCode::BadRequest,
        RefusalCode::UnsupportedVersion,
        RefusalCode::UnknownOp,
        RefusalCode::NotFound,
        RefusalCode::NotAParty,
        RefusalCode::NotAllowed,
        RefusalCode::TooLarge,
        RefusalCode::HashMismatch,
        RefusalCode::Busy,
        RefusalCode::NotReady,
        RefusalCode::TooLate,
        RefusalCode::TooSlow,
        RefusalCode::Internal,
    ];

    /// The status byte; never 0.
    pub const fn code(self) -> u8 {
        match self {
            RefusalCode::BadRequest => 1,
            RefusalCode::UnsupportedVersion => 2,
            RefusalCode::UnknownOp => 3,
            RefusalCode::NotFound => 4,
            RefusalCode::NotAParty => 5,
            RefusalCode::NotAllowed => 6,
            RefusalCode::TooLarge => 7,
            RefusalCode::HashMismatch => 8,
            RefusalCode::Busy => 9,
            RefusalCode::NotReady => 10,
            RefusalCode::TooLate => 11,
            RefusalCode::TooSlow => 12,
            RefusalCode::Internal | RefusalCode::Unrecognised(0) => 13,
            RefusalCode::Unrecognised(code) => code,
        }
    }

    /// The refusal a status byte stands for; `None` for 0, which is no refusal.
    pub fn from_code(code: u8) -> Option<RefusalCode> {
        if code == 0 {
            return None;
        }
        let named = RefusalCode::NAMED.into_iter().find(|known| known.code() == code);
        Some(named.unwrap_or(RefusalCode::Unrecognised(code)))
    }
}

/// A refusal. The reason is sent to the peer: it must hold nothing private to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What a program acts on.
    pub code: RefusalCode,
    /// What a person reads; cut to [`crate::wire::MAX_REASON_LEN`] bytes on the wire.
    pub reason: String,
}

impl Refusal {
    /// A refusal with a code and a reason.
    pub fn new(code: RefusalCode, reason: impl Into<String>) -> Refusal {
        Refusal { code, reason: reason.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.code, self.reason)
    }
}

impl std::error::Error for Refusal {}
