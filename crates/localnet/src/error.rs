//! What can go wrong with a local network.

use std::path::PathBuf;

use proofmill_chain::ChainError;
use solana_address::Address;

/// An error of the local network.
#[derive(Debug, thiserror::Error)]
pub enum LocalnetError {
    /// The network cannot be started as asked.
    #[error("the local network cannot be started: {0}")]
    Options(String),
    /// The embedded network failed.
    #[error("the local network failed: {0}")]
    Surfnet(String),
    /// The program was accepted, but its image does not load.
    #[error("the program at {0} is not executable")]
    NotExecutable(Address),
    /// A transaction or a read failed.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// An instruction for the token program cannot be built.
    #[error("token instruction: {0}")]
    Token(String),
    /// The network file cannot be used.
    #[error("network file {path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}
