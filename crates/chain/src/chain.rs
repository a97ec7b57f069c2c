//! The seam: what the rest of the system may ask of a chain, and the plain data that crosses.

use std::{future::Future, pin::Pin};

use serde_json::Value;
use solana_address::Address;
use solana_hash::Hash;
use solana_signature::Signature;

use crate::{bounds, error::ChainError};

/// A boxed answer of [`Chain`], so that the trait stays object safe.
pub type ChainFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ChainError>> + Send + 'a>>;

/// Reads of, and submissions to, one Solana cluster. All reads answer at one commitment (`confirmed` unless the
/// implementation was told otherwise). Dropping a future abandons the question; a submission may still have left.
pub trait Chain: Send + Sync {
    /// One account, or `None` where there is none.
    fn account(&self, address: Address) -> ChainFuture<'_, Option<AccountSnapshot>>;

    /// Several accounts, answers in the order of the questions. More than 100 are asked for in several requests,
    /// which may answer at different slots; each snapshot carries its own.
    fn accounts<'a>(&'a self, addresses: &'a [Address]) -> ChainFuture<'a, Vec<Option<AccountSnapshot>>>;

    /// All accounts of a program that match every filter.
    fn program_accounts<'a>(&'a self, program: Address, filters: &'a [Filter]) -> ChainFuture<'a, ProgramAccounts>;

    /// The chain's clock (the Clock sysvar), which obligations follow.
    fn clock(&self) -> ChainFuture<'_, ChainTime>;

    /// A blockhash to build with.
    fn latest_blockhash(&self) -> ChainFuture<'_, RecentBlockhash>;

    /// The height of the newest block; a transaction is dead above its last valid height.
    fn block_height(&self) -> ChainFuture<'_, u64>;

    /// Submits signed bytes, once. `Ok` means that the node took them, not that they will land.
    ///
    /// # Errors
    /// [`ChainError::Rejected`] when the node's preflight refused them.
    fn send_raw<'a>(&'a self, transaction: &'a [u8], preflight: Preflight) -> ChainFuture<'a, ()>;

    /// What is known of a signature, history included; `None` where the node knows nothing.
    fn signature_status(&self, signature: Signature) -> ChainFuture<'_, Option<SignatureStatus>>;

    /// Runs signed bytes without landing them. A transaction that fails is an `Ok` with a failure inside.
    fn simulate<'a>(&'a self, transaction: &'a [u8]) -> ChainFuture<'a, Simulation>;

    /// Lamports that make an account of `data_len` bytes rent exempt.
    fn minimum_balance(&self, data_len: usize) -> ChainFuture<'_, u64>;

    /// Identity of the cluster.
    fn genesis_hash(&self) -> ChainFuture<'_, Hash>;

    /// A landed transaction with logs and cost, or `None` while the node does not serve it.
    fn transaction(&self, signature: Signature) -> ChainFuture<'_, Option<TransactionRecord>>;

    /// Signatures that touched `address`, newest first, at most `limit` (at most 1000), older than `before` and newer
    /// than `until` where given.
    fn history(
        &self,
        address: Address,
        before: Option<Signature>,
        until: Option<Signature>,
        limit: usize,
    ) -> ChainFuture<'_, Vec<HistoryEntry>>;
}

/// An account as it was at a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSnapshot {
    /// Its address.
    pub address: Address,
    /// Balance in lamports.
    pub lamports: u64,
    /// Owning program.
    pub owner: Address,
    /// Whether it is a program.
    pub executable: bool,
    /// Its bytes.
    pub data: Vec<u8>,
    /// Slot at which the node answered.
    pub slot: u64,
}

/// The accounts of a program at a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramAccounts {
    /// Slot at which the node answered.
    pub slot: u64,
    /// The accounts, in no particular order.
    pub accounts: Vec<AccountSnapshot>,
}

/// A condition on account data, applied by the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// The bytes at `offset` equal these (at most 128).
    Memcmp {
        /// Offset in bytes.
        offset: usize,
        /// The bytes expected.
        bytes: Vec<u8>,
    },
    /// The data is exactly this long.
    DataSize(u64),
}

impl Filter {
    /// Whether `data` passes; the same answer as the node's.
    pub fn matches(&self, data: &[u8]) -> bool {
        match self {
            Self::DataSize(size) => data.len() as u64 == *size,
            Self::Memcmp { offset, bytes } => {
                offset.checked_add(bytes.len()).and_then(|end| data.get(*offset..end)) == Some(bytes.as_slice())
            }
        }
    }

    /// Refuses filters the protocol does not carry.
    pub(crate) fn check(filters: &[Self]) -> Result<(), ChainError> {
        if filters.len() > bounds::FILTERS {
            return Err(ChainError::InvalidQuery(format!("more than {} filters", bounds::FILTERS)));
        }
        for filter in filters {
            if let Self::Memcmp { bytes, .. } = filter
                && bytes.len() > bounds::MEMCMP_BYTES
            {
                return Err(ChainError::InvalidQuery(format!(
                    "a memcmp filter of more than {} bytes",
                    bounds::MEMCMP_BYTES
                )));
            }
        }
        Ok(())
    }
}

/// The chain's own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainTime {
    /// Slot of the Clock sysvar.
    pub slot: u64,
    /// Seconds since 1970, as the validators vote it.
    pub unix_timestamp: i64,
}

/// A blockhash and how long it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentBlockhash {
    /// The hash.
    pub hash: Hash,
    /// Height of the last block that accepts it.
    pub last_valid_block_height: u64,
}

/// Whether the node simulates before it takes a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preflight {
    /// Simulate and refuse what fails.
    Run,
    /// Take it as it is (a resend, or already simulated).
    Skip,
}

/// How sure the cluster is of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// One node has run it.
    Processed,
    /// Two thirds of the stake voted for it.
    Confirmed,
    /// It cannot be rolled back.
    Finalized,
}

/// What a node knows of a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureStatus {
    /// Slot in which it landed.
    pub slot: u64,
    /// How sure that is.
    pub level: Level,
    /// `None` when it succeeded.
    pub failure: Option<TransactionFailure>,
}

/// Why a transaction failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionFailure {
    /// Index of the instruction that failed, where one did.
    pub instruction_index: Option<u8>,
    /// The program's own error code, where it gave one.
    pub code: Option<u32>,
    /// The error's name, such as `BlockhashNotFound` or `InstructionError(1, Custom(6001))`.
    pub reason: String,
}

impl TransactionFailure {
    /// Reads the JSON form of a transaction error: `"Name"`, `{"Name": ..}` or `{"InstructionError": [i, error]}`.
    /// Names unknown to this version are kept as they are.
    pub fn from_json(value: &Value) -> Self {
        let instruction = value.get("InstructionError").and_then(Value::as_array);
        if let Some([index, error]) = instruction.map(Vec::as_slice) {
            let code = error.get("Custom").and_then(Value::as_u64).and_then(|code| u32::try_from(code).ok());
            let instruction_index = index.as_u64().and_then(|index| u8::try_from(index).ok());
            let name = match (code, error.as_str()) {
                (Some(code), _) => format!("Custom({code})"),
                (None, Some(name)) => name.to_owned(),
                (None, None) => error.to_string(),
            };
            return Self { instruction_index, code, reason: format!("InstructionError({index}, {name})") };
        }
        let reason = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Self { instruction_index: None, code: None, reason }
    }

    /// Whether the failure only says that this node does not know the blockhash (yet, or any more).
    pub fn is_unknown_blockhash(&self) -> bool {
        self.reason == "BlockhashNotFound"
    }

    /// Whether the failure says that the very same transaction has landed before.
    pub fn is_already_processed(&self) -> bool {
        self.reason == "AlreadyProcessed"
    }
}

/// Outcome of a simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    /// `None` when it would succeed.
    pub failure: Option<TransactionFailure>,
    /// Program logs.
    pub logs: Vec<String>,
    /// Compute units used.
    pub compute_units: u64,
}

/// A landed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRecord {
    /// Slot in which it landed.
    pub slot: u64,
    /// Time of its block, seconds since 1970, where the node knows.
    pub block_time: Option<i64>,
    /// `None` when it succeeded.
    pub failure: Option<TransactionFailure>,
    /// Program logs.
    pub logs: Vec<String>,
    /// Compute units used.
    pub compute_units: u64,
    /// Fee in lamports.
    pub fee: u64,
    /// Bytes of the serialized transaction, signatures included.
    pub size: usize,
    /// Every call that it made, the inner ones behind the one that made them; empty where the bytes are of a format
    /// that this version does not read.
    pub calls: Vec<ProgramCall>,
}

/// A call of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramCall {
    /// The program.
    pub program: Address,
    /// Its instruction's data.
    pub data: Vec<u8>,
}

/// One line of an address's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The transaction.
    pub signature: Signature,
    /// Slot in which it landed.
    pub slot: u64,
    /// Whether it failed.
    pub failed: bool,
    /// Time of its block, seconds since 1970, where the node knows.
    pub block_time: Option<i64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_custom_program_error_keeps_its_code_and_instruction() {
        let failure = TransactionFailure::from_json(&json!({"InstructionError": [2, {"Custom": 6001}]}));
        assert_eq!(failure.instruction_index, Some(2));
        assert_eq!(failure.code, Some(6001));
        assert_eq!(failure.reason, "InstructionError(2, Custom(6001))");
    }

    #[test]
    fn errors_without_a_code_keep_their_name() {
        let cases = [
            (json!("BlockhashNotFound"), None, "BlockhashNotFound"),
            (
                json!({"InstructionError": [0, "InvalidAccountData"]}),
                Some(0),
                "InstructionError(0, InvalidAccountData)",
            ),
            (
                json!({"InsufficientFundsForRent": {"account_index": 1}}),
                None,
                "{\"InsufficientFundsForRent\":{\"account_index\":1}}",
            ),
            (
                json!({"InstructionError": [1, {"Custom": 4_294_967_296_u64}]}),
                Some(1),
                "InstructionError(1, {\"Custom\":4294967296})",
            ),
        ];
        for (value, index, reason) in cases {
            let failure = TransactionFailure::from_json(&value);
            assert_eq!((failure.instruction_index, failure.code, failure.reason.as_str()), (index, None, reason));
        }
    }

    #[test]
    fn filters_answer_as_the_node_does() {
        let filter = Filter::Memcmp { offset: 2, bytes: vec![3, 4] };
        assert!(filter.matches(&[1, 2, 3, 4]));
        assert!(!filter.matches(&[1, 2, 3]));
        assert!(!filter.matches(&[1, 2, 4, 3]));
        assert!(!Filter::Memcmp { offset: usize::MAX, bytes: vec![1] }.matches(&[1]));
        assert!(Filter::DataSize(3).matches(&[0; 3]));
        assert!(!Filter::DataSize(3).matches(&[0; 4]));
    }

    #[test]
    fn filters_beyond_the_protocol_are_refused() {
        assert!(Filter::check(&[Filter::Memcmp { offset: 0, bytes: vec![0; 128] }]).is_ok());
        assert!(Filter::check(&[Filter::Memcmp { offset: 0, bytes: vec![0; 129] }]).is_err());
        assert!(Filter::check(&vec![Filter::DataSize(1); 5]).is_err());
    }
}
