//! What an opinion may rest on: the chain's facts about a job and a round, and what the parties served.

use proofmill_protocol::{
    Key, UnixSeconds,
    ids::{Domain, JobKey, NodeKey, ProviderKey},
    sha256,
};

use crate::limits::{MARGIN_DENOMINATOR, MARGIN_NUMERATOR};

/// What the chain says about the judged attempt: the job's account, or on appeal the slash case, which outlives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JudgedJob {
    /// The deployment.
    pub domain: Domain,
    /// Address of the job.
    pub job: JobKey,
    /// The attempt.
    pub attempt: u16,
    /// This life of the address.
    pub nonce: u64,
    /// The judged `Provider` account.
    pub provider: ProviderKey,
    /// Its node key.
    pub node_key: NodeKey,
    /// Its class.
    pub class_key: Key,
    /// The image agreed on.
    pub image_digest: Key,
    /// The specification agreed on.
    pub spec_hash: Key,
    /// The inputs agreed on.
    pub input_root: Key,
    /// SHA-256 of the receipt.
    pub receipt_hash: Key,
    /// Time claimed on chain, milliseconds.
    pub metered_ms: u64,
    /// Exit code claimed on chain.
    pub exit_code: i32,
    /// Termination code claimed on chain.
    pub termination: u8,
    /// When the provider was bound.
    pub matched_at: UnixSeconds,
    /// When the receipt reached the chain.
    pub receipt_at: UnixSeconds,
}

/// When a round takes commitments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundWindow {
    /// 1, 2 after an escalation, 3 on appeal.
    pub index: u8,
    /// When it was opened.
    pub opened_at: UnixSeconds,
    /// The last instant at which seats commit.
    pub commit_until: UnixSeconds,
}

impl RoundWindow {
    /// The instant up to which missing data is waited for.
    pub fn margin(&self) -> UnixSeconds {
        let window = self.commit_until.saturating_sub(self.opened_at).max(0);
        self.opened_at.saturating_add(window.saturating_mul(MARGIN_NUMERATOR) / MARGIN_DENOMINATOR)
    }
}

/// The receipt, as far as it was served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptBytes {
    /// Nobody served it yet.
    NotServed,
    /// What the judged provider served under its own key.
    Served(Vec<u8>),
}

/// The outputs, as far as they were checked against the receipt's root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputCheck {
    /// Not served, or what was served is not what the receipt names.
    NotServed,
    /// A bundle with exactly the receipt's root was served.
    Verified,
}

/// Bytes of an opening.
pub const OPENING_LEN: usize = 69;

/// What a re-executor found, opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Opening {
    /// Root of the outputs.
    pub output_root: Key,
    /// Exit code of the container.
    pub exit_code: i32,
    /// Termination code.
    pub termination: u8,
}

/// Why bytes are not the opening of a commitment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpeningError {
    /// Not exactly the layout's length.
    #[error("an opening has {OPENING_LEN} bytes, {found} were served")]
    Length {
        /// Bytes served.
        found: usize,
    },
    /// The bytes hash to something else.
    #[error("the bytes served do not hash to the commitment on chain")]
    Commitment,
}

impl Opening {
    /// Reads `output_root 32 | exit_code i32 LE | termination u8 | blind 32`, which must hash to `commitment`.
    ///
    /// # Errors
    /// [`OpeningError`]; the executor then counts as one that withholds.
    pub fn verify(bytes: &[u8], commitment: &Key) -> Result<Self, OpeningError> {
        let length = || OpeningError::Length { found: bytes.len() };
        if bytes.len() != OPENING_LEN {
            return Err(length());
        }
        if sha256(&[bytes]) != *commitment {
            return Err(OpeningError::Commitment);
        }
        let (output_root, rest) = bytes.split_first_chunk::<32>().ok_or_else(length)?;
        let (exit_code, rest) = rest.split_first_chunk::<4>().ok_or_else(length)?;
        let termination = *rest.first().ok_or_else(length)?;
        Ok(Self { output_root: *output_root, exit_code: i32::from_le_bytes(*exit_code), termination })
    }
}

/// Where a round's re-execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reexecution {
    /// Nobody was drawn.
    NotDrawn,
    /// Drawn; no claim on chain.
    NotSubmitted,
    /// A claim is on chain, its opening was not served.
    Withheld,
    /// Opened, and the opening fits the claim.
    Opened(Opening),
}

impl Reexecution {
    /// The opening, if there is one.
    pub fn opening(&self) -> Option<&Opening> {
        match self {
            Self::Opened(opening) => Some(opening),
            _ => None,
        }
    }
}

/// Everything an opinion may rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The chain's facts.
    pub job: JudgedJob,
    /// The round that is answered.
    pub round: RoundWindow,
    /// The receipt.
    pub receipt: ReceiptBytes,
    /// The outputs.
    pub outputs: OutputCheck,
    /// The re-executions of round 1 and round 2; on appeal the appeal's own comes first, and no other counts.
    pub reexecutions: [Reexecution; 2],
    /// Now, on the chain's clock.
    pub now: UnixSeconds,
}
