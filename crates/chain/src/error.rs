//! What can go wrong, by kind: the caller's next move differs for each.

use std::path::PathBuf;

use solana_signature::Signature;

use crate::chain::TransactionFailure;

/// An error of the chain seam. URLs are shown without path and query, which may carry keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No connection, or it broke. Nothing is known about what the node did.
    #[error("cannot reach the RPC node {url}: {reason}")]
    Unreachable {
        /// Scheme, host and port of the node.
        url: String,
        /// What the transport said.
        reason: String,
    },
    /// The node did not answer in time. Nothing is known about what it did.
    #[error("the RPC node {url} did not answer within {millis} ms")]
    Timeout {
        /// Scheme, host and port of the node.
        url: String,
        /// The time limit.
        millis: u64,
    },
    /// The node refuses for now (HTTP 429).
    #[error("the RPC node {url} limits our request rate")]
    RateLimited {
        /// Scheme, host and port of the node.
        url: String,
    },
    /// The node is behind the chain, or behind what it, or its sibling, said before.
    #[error("the RPC node {url} is behind: it answers for slot {slot}, slot {seen} has been seen")]
    NodeBehind {
        /// Scheme, host and port of the node.
        url: String,
        /// Slot of the answer (0 when the node only said that it is behind).
        slot: u64,
        /// Newest slot seen from this endpoint.
        seen: u64,
    },
    /// The answer is not what the protocol promises.
    #[error("the RPC node's answer to {method} makes no sense: {reason}")]
    InvalidResponse {
        /// JSON-RPC method.
        method: &'static str,
        /// What was expected and missing.
        reason: String,
    },
    /// The node answered with a JSON-RPC error of its own.
    #[error("the RPC node refuses {method}: {message} (code {code})")]
    Refused {
        /// JSON-RPC method.
        method: &'static str,
        /// JSON-RPC error code.
        code: i64,
        /// The node's words.
        message: String,
    },
    /// The transaction failed, in simulation or on chain. It had no effect but its fee.
    #[error("transaction rejected: {}", failure.reason)]
    Rejected {
        /// Which instruction failed and with which program code.
        failure: TransactionFailure,
        /// Program logs, as far as the node kept them.
        logs: Vec<String>,
        /// Signature and slot, when the failed transaction is on chain; `None` when it was never accepted.
        landed: Option<(Signature, u64)>,
    },
    /// Every blockhash tried ran out and no transaction landed. Nothing happened; the effect may be asked for again.
    #[error("the blockhash expired before the transaction landed")]
    BlockhashExpired,
    /// The time given ran out while the transaction may still land. It stays in the outbox; resume settles it.
    #[error("transaction {signature} is not settled yet: {reason}")]
    Unsettled {
        /// Signature of the pending transaction.
        signature: Signature,
        /// The last trouble met.
        reason: String,
    },
    /// The transaction cannot be built: too large, missing signer, bad argument.
    #[error("the transaction cannot be built: {0}")]
    Unbuildable(String),
    /// A query beyond the limits of the protocol.
    #[error("invalid query: {0}")]
    InvalidQuery(String),
    /// The outbox cannot be read or written. Nothing was sent.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChainError {
    /// Program error code (`Custom(n)`) of a rejected transaction.
    pub fn custom_code(&self) -> Option<u32> {
        match self {
            Self::Rejected { failure, .. } => failure.code,
            _ => None,
        }
    }

    /// Whether trying the same read again, soon, can help.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::RateLimited { .. }
                | Self::NodeBehind { .. }
                | Self::InvalidResponse { .. }
        )
    }
}

/// The outbox's storage failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the outbox cannot be used: {0}")]
pub struct StoreError(pub String);

/// A key file cannot be used, in words for its owner.
#[derive(Debug, thiserror::Error)]
pub enum KeyfileError {
    /// The file exists; keys are never overwritten.
    #[error("{0} exists already and is not overwritten")]
    Exists(PathBuf),
    /// There is no such file.
    #[error("there is no key file at {0}")]
    Missing(PathBuf),
    /// The file is not a keypair.
    #[error("{path} is not a Solana keypair file: {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system refused.
    #[error("cannot use key file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
}
