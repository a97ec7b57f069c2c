//! What must hold, and how it is said that it does not.

use solana_address::Address;

/// A law of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
pub enum Law {
    #[error("no token appears or vanishes")]
    TokensConserved,
    #[error("no lamport appears or vanishes, but for fees")]
    LamportsConserved,
    #[error("a job's vault holds exactly what the job owes, and dust")]
    VaultHoldsWhatItOwes,
    #[error("paid + refunded + fee is what was escrowed")]
    NothingLost,
    #[error("a stake's vault holds what is bonded, unbonding, set aside and slashed, and dust")]
    StakeIsHeld,
    #[error("no lock without bonded stake behind it")]
    LockIsBacked,
    #[error("what a stake locks is what its live jobs lock")]
    LocksAreTheJobs,
    #[error("a refused transaction changes nothing but its payer's fee")]
    Atomic,
    #[error("two independent jobs write no account in common")]
    Independent,
    #[error("a closed job leaves no lamport behind")]
    NothingLeftBehind,
    #[error("every job ends")]
    EveryJobEnds,
    #[error("every transaction fits into a packet")]
    Fits,
    #[error("no provider that told the truth is slashed")]
    HonestUnslashed,
}

/// A law that did not hold.
#[derive(Clone, Debug, thiserror::Error)]
#[error("broken: {law}: {detail}")]
pub struct Breach {
    pub law: Law,
    pub detail: String,
}

impl Breach {
    /// The broken law and what was seen.
    pub fn of(law: Law, detail: impl Into<String>) -> Self {
        Self { law, detail: detail.into() }
    }

    /// The broken law at one account.
    pub fn at(law: Law, account: &Address, detail: impl std::fmt::Display) -> Self {
        Self { law, detail: format!("{account}: {detail}") }
    }
}

/// Breaks the law unless it holds.
pub fn hold(holds: bool, breach: impl FnOnce() -> Breach) -> Result<(), Breach> {
    if holds { Ok(()) } else { Err(breach()) }
}
