//! The ledger as ballot book (what was answered) and as outbox (what was sent).

use std::sync::Arc;

use proofmill_chain::{OutboxEntry, OutboxStore, Settlement, StoreError};
use proofmill_ledger::{Ledger, LedgerError, Table};
use proofmill_oracle_core::BallotBook;

/// The daemon's memory. Clones share it.
#[derive(Clone, Debug)]
pub struct Journal {
    ledger: Arc<Ledger>,
}

impl Journal {
    /// A journal in this ledger.
    pub fn new(ledger: Ledger) -> Self {
        Self { ledger: Arc::new(ledger) }
    }
}

impl BallotBook for Journal {
    type Error = LedgerError;

    fn recorded(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
        self.ledger.get(Table::Attestation, key)
    }

    fn record_new(&self, key: &[u8], answer: &[u8]) -> Result<bool, LedgerError> {
        match self.ledger.insert_new(Table::Attestation, key, answer) {
            Ok(()) => Ok(true),
            Err(LedgerError::AlreadyRecorded { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn store_error(error: LedgerError) -> StoreError {
    StoreError(error.to_string())
}

impl OutboxStore for Journal {
    fn record(&self, key: &[u8], entry: &OutboxEntry) -> Result<(), StoreError> {
        self.ledger.put(Table::Outbox, key, entry).map_err(store_error)
    }

    fn clear(&self, key: &[u8], _settlement: &Settlement) -> Result<(), StoreError> {
        self.ledger.remove(Table::Outbox, key).map(|_| ()).map_err(store_error)
    }

    fn get(&self, key: &[u8]) -> Result<Option<OutboxEntry>, StoreError> {
        self.ledger.get(Table::Outbox, key).map_err(store_error)
    }

    fn pending(&self) -> Result<Vec<(Vec<u8>, OutboxEntry)>, StoreError> {
        let scan = self.ledger.scan(Table::Outbox).map_err(store_error)?;
        for row in &scan.corrupt {
            tracing::error!(key = hex::encode(&row.key), reason = row.reason, "an outbox row cannot be read");
        }
        Ok(scan.rows)
    }
}

#[cfg(test)]
mod tests {
    use proofmill_oracle_core::cast;
    use proofmill_protocol::{
        attestation::Attestation,
        ids::{Domain, JobKey, ValidatorKey},
        verdict::Opinion,
    };

    use super::*;

    #[test]
    fn a_restart_sends_the_recorded_opinion_and_never_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("oracle.redb");
        let valid = Attestation {
            domain: Domain([1; 32]),
            job: JobKey([2; 32]),
            attempt: 1,
            round: 1,
            opinion: Opinion::Valid,
            confirmed_executors: 1,
            nonce: 3,
            epoch: 4,
            receipt_hash: [5; 32],
            output_root: [6; 32],
            validator: ValidatorKey([7; 32]),
        };
        let other =
            Attestation { opinion: Opinion::Inconclusive, confirmed_executors: 0, output_root: [0; 32], ..valid };
        {
            let journal = Journal::new(Ledger::open(&path).unwrap());
            assert_eq!(cast(&journal, &valid).unwrap(), valid);
            assert_eq!(cast(&journal, &other).unwrap(), valid);
        }
        let journal = Journal::new(Ledger::open(&path).unwrap());
        assert_eq!(cast(&journal, &other).unwrap(), valid);
        let second_round = Attestation { round: 2, ..other };
        assert_eq!(cast(&journal, &second_round).unwrap(), second_round, "another round is another question");
    }
}
