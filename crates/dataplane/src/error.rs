//! What can go wrong when data moves, as the side that asked sees it.

use std::{io, path::PathBuf, time::Duration};

use crate::refusal::{Refusal, RefusalCode};

/// A failed operation of the data plane. No variant leaves a file behind.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The node could not bind its socket or configure its network.
    #[error("cannot start the data plane node: {reason}")]
    BindFailed {
        /// What failed.
        reason: String,
    },
    /// [`crate::Node::serve`] was called twice.
    #[error("this node already serves")]
    AlreadyServing,
    /// No authenticated connection: nobody there, or somebody whose key is not the one asked for.
    #[error("cannot connect to {}: {reason}", hex::encode(peer))]
    ConnectFailed {
        /// The key asked for.
        peer: [u8; 32],
        /// What failed.
        reason: String,
    },
    /// The connection ended while an operation was under way.
    #[error("the connection was lost: {reason}")]
    ConnectionLost {
        /// How it ended.
        reason: String,
    },
    /// The peer said no.
    #[error("refused ({code:?}): {reason}")]
    Refused {
        /// What a program acts on.
        code: RefusalCode,
        /// What a person reads.
        reason: String,
    },
    /// The bytes are not those that were declared.
    #[error("hash mismatch: expected {}, got {}", hex::encode(expected), hex::encode(got))]
    HashMismatch {
        /// The declared BLAKE3 hash.
        expected: [u8; 32],
        /// The hash of what arrived.
        got: [u8; 32],
    },
    /// The blob is larger than the receiver accepts.
    #[error("{size} bytes exceed the limit of {limit}")]
    TooLarge {
        /// The declared (or, for a log, the received) size.
        size: u64,
        /// What was allowed.
        limit: u64,
    },
    /// Nothing moved for too long.
    #[error("stalled: nothing moved for {waited:?}, after {moved} bytes")]
    Stalled {
        /// How long nothing moved.
        waited: Duration,
        /// Bytes moved before.
        moved: u64,
    },
    /// Something moved, but slower than the floor.
    #[error("too slow: {moved} of {total} bytes within {allowed:?}")]
    TooSlow {
        /// Bytes moved.
        moved: u64,
        /// Bytes that had to move.
        total: u64,
        /// The time that was given.
        allowed: Duration,
    },
    /// The peer ended the stream before its end.
    #[error("broken off by the peer after {moved} bytes")]
    BrokenOff {
        /// Bytes moved before.
        moved: u64,
    },
    /// The peer does not follow the protocol.
    #[error("protocol violation by the peer: {reason}")]
    Protocol {
        /// What it did.
        reason: String,
    },
    /// A local file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DataError {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> DataError {
        let path = path.into();
        move |source| DataError::File { path, source }
    }

    /// What a server tells the peer when its own side of a transfer failed thus. Paths stay private.
    pub(crate) fn to_refusal(&self) -> Refusal {
        let code = match self {
            DataError::Refused { code, reason } => return Refusal::new(*code, reason.clone()),
            DataError::HashMismatch { .. } => RefusalCode::HashMismatch,
            DataError::TooLarge { .. } => RefusalCode::TooLarge,
            DataError::TooSlow { .. } | DataError::Stalled { .. } => RefusalCode::TooSlow,
            DataError::BrokenOff { .. } | DataError::Protocol { .. } => RefusalCode::BadRequest,
            DataError::File { .. } => {
                return Refusal::new(RefusalCode::Internal, "the node could not read or write its file");
            }
            DataError::BindFailed { .. }
            | DataError::AlreadyServing
            | DataError::ConnectFailed { .. }
            | DataError::ConnectionLost { .. } => RefusalCode::Internal,
        };
        Refusal::new(code, self.to_string())
    }
}

impl From<Refusal> for DataError {
    fn from(refusal: Refusal) -> DataError {
        DataError::Refused { code: refusal.code, reason: refusal.reason }
    }
}
