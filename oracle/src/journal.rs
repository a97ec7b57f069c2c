//! The ledger as ballot book (what was answered) and as outbox (what was sent).

use std::sync::Arc;

use proofmill_chain::{OutboxEntry, OutboxStore, Settlement, StoreError};
use proofmill_ledger::{Ledger, LedgerError, Table};
use proofmill_oracle_core::{BallotBook, PeriodTally, RECORD_PREFIX, UsageSeen, UsageSubject};

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

/// Key and bytes of a recorded proposal.
pub type RecordedProposal = (Vec<u8>, Vec<u8>);

/// How keys of counted heartbeats begin.
const TALLY_PREFIX: &[u8] = b"beats";
/// How keys of services' usage begin.
const USAGE_PREFIX: &[u8] = b"usage";

fn tally_key(sequence: u32) -> Vec<u8> {
    [TALLY_PREFIX, &sequence.to_le_bytes()].concat()
}

fn usage_key(subject: &UsageSubject) -> Vec<u8> {
    [USAGE_PREFIX, &subject.job, &subject.attempt.to_le_bytes(), &subject.nonce.to_le_bytes()].concat()
}

/// A row as it is kept: hexadecimal, since the ledger's rows are JSON and a list of numbers takes twice as much.
fn row(bytes: &[u8]) -> String {
    hex::encode(bytes)
}

impl Journal {
    fn bytes(&self, key: &[u8]) -> Result<Option<Vec<u8>>, LedgerError> {
        let found: Option<String> = self.ledger.get(Table::Meta, key)?;
        Ok(found.and_then(|row| {
            let bytes = hex::decode(row);
            bytes.inspect_err(|error| tracing::error!(key = hex::encode(key), %error, "a row cannot be read")).ok()
        }))
    }

    /// What was seen of a period, if anything was.
    ///
    /// # Errors
    /// The ledger failed.
    pub fn tally(&self, sequence: u32) -> Result<Option<Vec<u8>>, LedgerError> {
        self.bytes(&tally_key(sequence))
    }

    /// Records what was seen of a period, and forgets the period `forgotten`, both or neither.
    ///
    /// # Errors
    /// The ledger failed: neither is done.
    pub fn record_tally(&self, tally: &PeriodTally, forgotten: u32) -> Result<(), LedgerError> {
        self.ledger.write(|batch| {
            batch.put(Table::Meta, &tally_key(tally.sequence()), &row(&tally.encode()))?;
            batch.remove(Table::Meta, &tally_key(forgotten))?;
            Ok(())
        })
    }

    /// What was seen of a service.
    ///
    /// # Errors
    /// The ledger failed.
    pub fn usage(&self, subject: &UsageSubject) -> Result<Option<UsageSeen>, LedgerError> {
        Ok(self.bytes(&usage_key(subject))?.and_then(|bytes| UsageSeen::decode(&bytes)))
    }

    /// Records what was seen of a service.
    ///
    /// # Errors
    /// The ledger failed.
    pub fn record_usage(&self, subject: &UsageSubject, seen: &UsageSeen) -> Result<(), LedgerError> {
        self.ledger.put(Table::Meta, &usage_key(subject), &row(&seen.encode()))
    }

    /// Forgets a service that is over.
    ///
    /// # Errors
    /// The ledger failed.
    pub fn forget_usage(&self, subject: &UsageSubject) -> Result<(), LedgerError> {
        self.ledger.remove(Table::Meta, &usage_key(subject)).map(|_| ())
    }

    /// Records a proposal under its key unless there is one, durably, and returns what is recorded: whatever came first
    /// is what is signed.
    ///
    /// # Errors
    /// The ledger failed: nothing may be signed.
    pub fn record_proposal(&self, key: &[u8], proposal: &[u8]) -> Result<Vec<u8>, LedgerError> {
        match self.ledger.insert_new(Table::Meta, key, &row(proposal)) {
            Ok(()) => Ok(proposal.to_vec()),
            Err(LedgerError::AlreadyRecorded { .. }) => Ok(self.bytes(key)?.unwrap_or_default()),
            Err(error) => Err(error),
        }
    }

    /// Every recorded proposal of a root: key and bytes.
    ///
    /// # Errors
    /// The ledger failed.
    pub fn proposals(&self) -> Result<Vec<RecordedProposal>, LedgerError> {
        let scan = self.ledger.scan::<String>(Table::Meta)?;
        for row in &scan.corrupt {
            tracing::error!(key = hex::encode(&row.key), reason = row.reason, "a row cannot be read");
        }
        let proposals = scan.rows.into_iter().filter(|(key, _)| key.starts_with(RECORD_PREFIX));
        Ok(proposals.map(|(key, row)| (key, hex::decode(row).unwrap_or_default())).collect())
    }

    /// Forgets a recorded proposal: nothing about it can be done any more.
    ///
    /// # Errors
    /// The ledger failed.
    pub fn forget_proposal(&self, key: &[u8]) -> Result<(), LedgerError> {
        self.ledger.remove(Table::Meta, key).map(|_| ())
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
    use proofmill_oracle_core::{Cadence, RootName, UsageLook, cast};
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

    #[test]
    fn what_was_seen_outlives_the_process() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("oracle.redb");
        let cadence = Cadence::new(30).unwrap();
        let heard = [([1; 32], true), ([2; 32], false)].into();
        let subject = UsageSubject { job: [3; 32], attempt: 1, nonce: 7 };
        let mut tally = PeriodTally::new(cadence, cadence.sequence_of(60));
        let seen = UsageSeen::begin(&UsageLook { at: 9, on_chain_ms: 1, witnessed: false, reported_ms: Some(2) }, 3);
        {
            let journal = Journal::new(Ledger::open(&path).unwrap());
            for slot in 60..63 {
                tally.enter(slot, &heard).unwrap();
                journal.record_tally(&tally, 4).unwrap();
            }
            journal.record_usage(&subject, &seen).unwrap();
        }
        let journal = Journal::new(Ledger::open(&path).unwrap());
        let kept = PeriodTally::decode(&journal.tally(tally.sequence()).unwrap().unwrap()).unwrap();
        assert_eq!(kept, tally);
        assert!(!kept.takes(62) && kept.takes(63), "no slot is entered twice");
        assert_eq!(journal.usage(&subject).unwrap(), Some(seen));
        journal.forget_usage(&subject).unwrap();
        assert_eq!(journal.usage(&subject).unwrap(), None);
        // Recording another period forgets the one that is named.
        let next = PeriodTally::new(cadence, tally.sequence() + 1);
        journal.record_tally(&next, tally.sequence()).unwrap();
        assert_eq!(journal.tally(tally.sequence()).unwrap(), None);
    }

    #[test]
    fn a_second_proposal_of_one_proposer_is_not_recorded() {
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::new(Ledger::open(&dir.path().join("oracle.redb")).unwrap());
        let name = RootName { kind: 1, epoch: 2, sequence: 3 };
        let key = name.record_of(&[4; 32]);
        assert_eq!(journal.record_proposal(&key, b"first").unwrap(), b"first");
        assert_eq!(journal.record_proposal(&key, b"second").unwrap(), b"first");
        let other = name.record_of(&[5; 32]);
        assert_eq!(journal.record_proposal(&other, b"second").unwrap(), b"second");
        let mut all = journal.proposals().unwrap();
        all.sort();
        assert_eq!(all, [(key.clone(), b"first".to_vec()), (other, b"second".to_vec())]);
        journal.forget_proposal(&key).unwrap();
        assert_eq!(journal.proposals().unwrap().len(), 1);
    }
}
