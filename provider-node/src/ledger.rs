//! What survives a crash: records of attempts, signed receipts, transactions under way. A thin reading of
//! `proofmill-ledger` in this node's words.

use std::{path::Path, sync::Arc};

use proofmill_chain::{OutboxEntry, OutboxStore, Settlement, StoreError};
use proofmill_ledger::{Ledger, LedgerError, Table};
use proofmill_provider_core::{AttemptKey, Record, Role};
use serde::{Deserialize, Serialize};

/// Why the ledger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NodeLedgerError {
    /// The store failed.
    #[error("the ledger failed: {0}; nothing was done that depends on it")]
    UseStore(#[from] LedgerError),
}

/// What is signed, and must never be signed differently again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SignedClaim {
    /// A receipt.
    Receipt {
        /// The encoded receipt.
        bytes: Vec<u8>,
        /// The node key's signature over its core.
        signature: Vec<u8>,
        /// What is sent beside it.
        metered_ms: u64,
        /// What is sent beside it.
        exit_code: i32,
        /// What is sent beside it.
        termination: u8,
    },
    /// A claim of a re-execution.
    Reexecution {
        /// `output_root | exit code | termination | blind`: what the commitment hides.
        opening: Vec<u8>,
        /// The commitment.
        commitment: [u8; 32],
        /// The node key's signature over the claim.
        signature: Vec<u8>,
        /// What is sent beside it.
        metered_ms: u64,
        /// The round it is for.
        round: u8,
    },
}

/// A total of a service's usage that both sides have signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CosignedUsage {
    /// The job's nonce.
    pub nonce: u64,
    /// Milliseconds.
    pub usage_ms: u64,
    /// The instant at which it held, chain clock.
    pub measured_at: i64,
    /// The node key's signature.
    pub node_signature: Vec<u8>,
    /// The tenant's node key's.
    pub tenant_signature: Vec<u8>,
}

/// The node's ledger.
#[derive(Clone)]
pub struct NodeLedger {
    store: Arc<Ledger>,
}

/// `job 32 | attempt u16 LE | role u8`.
fn row(key: &AttemptKey) -> [u8; 35] {
    let mut row = [0; 35];
    row[..32].copy_from_slice(&key.job);
    row[32..34].copy_from_slice(&key.attempt.to_le_bytes());
    row[34] = match key.role {
        Role::Run => 0,
        Role::Reexecute => 1,
    };
    row
}

/// As [`row`], for what both sides signed of a service; no role has this code.
fn usage_row(key: &AttemptKey) -> [u8; 35] {
    let mut row = row(key);
    row[34] = 2;
    row
}

impl NodeLedger {
    /// Opens or creates it.
    ///
    /// # Errors
    /// If the file cannot be used, as when another node holds it.
    pub fn open(path: &Path) -> Result<NodeLedger, NodeLedgerError> {
        Ok(NodeLedger { store: Arc::new(Ledger::open(path)?) })
    }

    /// Writes a record durably.
    ///
    /// # Errors
    /// If it is not on disk.
    pub fn put_record(&self, record: &Record) -> Result<(), NodeLedgerError> {
        Ok(self.store.put(Table::Attempt, &row(&record.key), record)?)
    }

    /// Every record that reads. One that does not is reported in the log, and its attempt is decided about as if this
    /// node had never heard of it.
    ///
    /// # Errors
    /// If the store fails.
    pub fn records(&self) -> Result<Vec<Record>, NodeLedgerError> {
        let scan = self.store.scan(Table::Attempt)?;
        for row in &scan.corrupt {
            tracing::error!(row = hex::encode(&row.key), reason = row.reason, "a record does not read");
        }
        Ok(scan.rows.into_iter().map(|(_, record)| record).collect())
    }

    /// Deletes what is known of an attempt.
    ///
    /// # Errors
    /// If the store fails.
    pub fn forget(&self, key: &AttemptKey) -> Result<(), NodeLedgerError> {
        Ok(self.store.write(|batch| {
            batch.remove(Table::Receipt, &row(key))?;
            batch.remove(Table::Receipt, &usage_row(key))?;
            batch.remove(Table::Attempt, &row(key))?;
            Ok(())
        })?)
    }

    /// Writes a signed claim unless there is one.
    ///
    /// # Errors
    /// If it is not on disk.
    pub fn record_claim(&self, key: &AttemptKey, claim: &SignedClaim) -> Result<(), NodeLedgerError> {
        match self.store.insert_new(Table::Receipt, &row(key), claim) {
            Ok(()) | Err(LedgerError::AlreadyRecorded { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The signed claim of an attempt.
    ///
    /// # Errors
    /// If the store fails or the row does not read.
    pub fn claim(&self, key: &AttemptKey) -> Result<Option<SignedClaim>, NodeLedgerError> {
        Ok(self.store.get(Table::Receipt, &row(key))?)
    }

    /// Writes a total with both signatures, in place of an earlier one. A total that says less is not taken, unless the
    /// earlier one is more than the `most` milliseconds that the chain can still accept.
    ///
    /// # Errors
    /// If it is not on disk.
    pub fn record_usage(&self, key: &AttemptKey, usage: &CosignedUsage, most: u64) -> Result<(), NodeLedgerError> {
        let order = |usage: &CosignedUsage| (usage.usage_ms, usage.measured_at);
        match self.usage(key)? {
            Some(known) if known.nonce == usage.nonce && known.usage_ms <= most && order(&known) >= order(usage) => {
                Ok(())
            }
            _ => Ok(self.store.put(Table::Receipt, &usage_row(key), usage)?),
        }
    }

    /// The newest total with both signatures.
    ///
    /// # Errors
    /// If the store fails or the row does not read.
    pub fn usage(&self, key: &AttemptKey) -> Result<Option<CosignedUsage>, NodeLedgerError> {
        Ok(self.store.get(Table::Receipt, &usage_row(key))?)
    }

    /// Number of transactions under way.
    ///
    /// # Errors
    /// If the store fails.
    pub fn outbox_len(&self) -> Result<usize, NodeLedgerError> {
        Ok(self.store.scan::<OutboxEntry>(Table::Outbox)?.rows.len())
    }
}

fn store_error(error: LedgerError) -> StoreError {
    StoreError(error.to_string())
}

impl OutboxStore for NodeLedger {
    fn record(&self, key: &[u8], entry: &OutboxEntry) -> Result<(), StoreError> {
        self.store.put(Table::Outbox, key, entry).map_err(store_error)
    }

    fn clear(&self, key: &[u8], _settlement: &Settlement) -> Result<(), StoreError> {
        self.store.remove(Table::Outbox, key).map(drop).map_err(store_error)
    }

    fn get(&self, key: &[u8]) -> Result<Option<OutboxEntry>, StoreError> {
        self.store.get(Table::Outbox, key).map_err(store_error)
    }

    fn pending(&self) -> Result<Vec<(Vec<u8>, OutboxEntry)>, StoreError> {
        Ok(self.store.scan(Table::Outbox).map_err(store_error)?.rows)
    }
}
