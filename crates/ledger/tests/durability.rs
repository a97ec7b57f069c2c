//! Laws of the ledger: what is recorded stays, what must happen once happens once.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use proofmill_ledger::{Ledger, LedgerError, Table, limits};
use redb::StorageBackend;
use serde::{Deserialize, Serialize};
use tempfile::tempdir;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Receipt {
    job: String,
    billed_seconds: u64,
}

fn receipt(n: u64) -> Receipt {
    Receipt { job: format!("job {n}"), billed_seconds: n }
}

#[test]
fn what_is_recorded_is_there_after_reopening() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("ledger");
    {
        let ledger = Ledger::open(&path).unwrap();
        for table in Table::ALL {
            ledger.put(table, b"key", &receipt(1)).unwrap();
            ledger.put(table, b"key", &receipt(2)).unwrap();
            ledger.put(table, b"gone", &receipt(3)).unwrap();
            assert!(ledger.remove(table, b"gone").unwrap());
            assert!(!ledger.remove(table, b"gone").unwrap());
        }
    }
    let ledger = Ledger::open(&path).unwrap();
    for table in Table::ALL {
        assert_eq!(ledger.get(table, b"key").unwrap(), Some(receipt(2)));
        assert_eq!(ledger.get::<Receipt>(table, b"gone").unwrap(), None);
        let scan = ledger.scan::<Receipt>(table).unwrap();
        assert_eq!(scan.rows, [(b"key".to_vec(), receipt(2))]);
        assert!(scan.corrupt.is_empty());
    }
}

#[test]
fn what_is_recorded_survives_a_ledger_that_is_never_closed() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("ledger");
    let ledger = Ledger::open(&path).unwrap();
    ledger.put(Table::Receipt, b"key", &receipt(7)).unwrap();
    // The file as a killed process leaves it: no destructor has run.
    let copy = dir.path().join("copy");
    std::fs::copy(&path, &copy).unwrap();
    std::mem::forget(ledger);
    let copy = Ledger::open(&copy).unwrap();
    assert_eq!(copy.get(Table::Receipt, b"key").unwrap(), Some(receipt(7)));
}

#[test]
fn a_new_ledger_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempdir().unwrap();
    let path = dir.path().join("ledger");
    let _ledger = Ledger::open(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_new_ledger_appears_complete_whatever_a_killed_process_left() {
    let dir = tempdir().unwrap();
    // What a process killed while making the same ledger leaves behind.
    for n in 0..3 {
        std::fs::write(dir.path().join(format!("ledger.new-{}-{n}", std::process::id())), "half").unwrap();
    }
    let path = dir.path().join("ledger");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| match Ledger::open(&path) {
                Ok(ledger) => ledger.insert_new(Table::Meta, b"first", &1u32).map_or_else(drop, drop),
                Err(error) => assert!(matches!(error, LedgerError::InUse { .. }), "{error}"),
            });
        }
    });
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.get::<u32>(Table::Meta, b"first").unwrap(), Some(1));
}

#[test]
fn a_ledger_in_use_is_refused_with_words() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("ledger");
    let first = Ledger::open(&path).unwrap();
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(&error, LedgerError::InUse { path: found } if *found == path), "{error}");
    assert!(error.to_string().contains("in use"), "{error}");
    drop(first);
    assert!(Ledger::open(&path).is_ok());
}

#[test]
fn a_file_that_is_no_ledger_is_refused_and_kept() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("ledger");
    let contents = b"not a ledger ".repeat(1000);
    std::fs::write(&path, &contents).unwrap();
    let error = Ledger::open(&path).unwrap_err();
    assert!(matches!(error, LedgerError::Open { .. }), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), contents);
    let error = Ledger::open(&dir.path().join("missing/ledger")).unwrap_err();
    assert!(matches!(error, LedgerError::Io { .. }), "{error}");
}

#[test]
fn a_second_answer_to_one_question_is_refused_and_the_first_kept() {
    let dir = tempdir().unwrap();
    let path = dir.path().join("ledger");
    let ledger = Ledger::open(&path).unwrap();
    ledger.insert_new(Table::Attestation, b"round 1", "accept").unwrap();
    for again in ["reject", "accept"] {
        let error = ledger.insert_new(Table::Attestation, b"round 1", again).unwrap_err();
        assert!(matches!(&error, LedgerError::AlreadyRecorded { table: Table::Attestation, .. }), "{error}");
    }
    drop(ledger);
    let ledger = Ledger::open(&path).unwrap();
    assert!(ledger.insert_new(Table::Attestation, b"round 1", "reject").is_err());
    assert_eq!(ledger.get::<String>(Table::Attestation, b"round 1").unwrap().unwrap(), "accept");
    // The same key of another table is another question.
    ledger.insert_new(Table::Outbox, b"round 1", "sent").unwrap();
}

#[test]
fn of_many_threads_exactly_one_records() {
    let dir = tempdir().unwrap();
    let ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
    let won: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8u32)
            .map(|n| {
                let ledger = &ledger;
                scope.spawn(move || usize::from(ledger.insert_new(Table::Attestation, b"round", &n).is_ok()))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(won, 1);
}

#[test]
fn writes_of_a_batch_happen_together_or_not_at_all() {
    let dir = tempdir().unwrap();
    let ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
    ledger.insert_new(Table::Outbox, b"taken", &0u32).unwrap();
    let error = ledger
        .write(|batch| {
            batch.put(Table::Receipt, b"r", &receipt(1))?;
            batch.remove(Table::Outbox, b"taken")?;
            batch.insert_new(Table::Outbox, b"free", &1u32)?;
            batch.insert_new(Table::Outbox, b"free", &2u32)
        })
        .unwrap_err();
    assert!(matches!(error, LedgerError::AlreadyRecorded { .. }), "{error}");
    assert_eq!(ledger.get::<Receipt>(Table::Receipt, b"r").unwrap(), None);
    assert_eq!(ledger.get::<u32>(Table::Outbox, b"taken").unwrap(), Some(0));
    assert_eq!(ledger.get::<u32>(Table::Outbox, b"free").unwrap(), None);
    let total = ledger
        .write(|batch| {
            batch.put(Table::Receipt, b"r", &receipt(1))?;
            batch.insert_new(Table::Outbox, b"free", &1u32)?;
            Ok(2)
        })
        .unwrap();
    assert_eq!(total, 2);
    assert_eq!(ledger.get::<u32>(Table::Outbox, b"free").unwrap(), Some(1));
}

#[test]
fn a_scan_is_in_the_order_of_the_keys() {
    let dir = tempdir().unwrap();
    let ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
    for key in [[2u8, 0], [0, 255], [1, 7]] {
        ledger.put(Table::Meta, &key, &key[0]).unwrap();
    }
    let keys: Vec<_> = ledger.scan::<u8>(Table::Meta).unwrap().rows.into_iter().map(|row| row.0).collect();
    assert_eq!(keys, [[0, 255], [1, 7], [2, 0]]);
}

#[test]
fn keys_and_values_are_accepted_at_their_bounds_and_refused_beyond() {
    let dir = tempdir().unwrap();
    let ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
    ledger.put(Table::Meta, &[1], &0).unwrap();
    ledger.put(Table::Meta, &[1; limits::KEY_BYTES_MAX], &0).unwrap();
    for key in [&[][..], &[1; limits::KEY_BYTES_MAX + 1]] {
        for error in
            [ledger.put(Table::Meta, key, &0).unwrap_err(), ledger.insert_new(Table::Meta, key, &0).unwrap_err()]
        {
            assert!(matches!(error, LedgerError::KeyLength { bytes, .. } if bytes == key.len()), "{error}");
        }
    }
    let longest = "x".repeat(limits::VALUE_BYTES_MAX - 2);
    ledger.put(Table::Meta, b"v", &longest).unwrap();
    let error = ledger.put(Table::Meta, b"v", &format!("{longest}x")).unwrap_err();
    assert!(matches!(error, LedgerError::ValueTooLong { .. }), "{error}");
    assert_eq!(ledger.get::<String>(Table::Meta, b"v").unwrap(), Some(longest));
}

/// A disk that fails for good at the n-th write, sync or change of length, and whose unsynced writes are lost or
/// kept as `keeps_unsynced` says, as after a power cut or a kill.
#[derive(Debug, Clone)]
struct Disk {
    state: Arc<Mutex<DiskState>>,
}

#[derive(Debug)]
struct DiskState {
    volatile: Vec<u8>,
    stable: Vec<u8>,
    operations: u64,
    fails_at: u64,
    /// The failing write leaves its first half.
    tears: bool,
}

impl Disk {
    fn new(contents: Vec<u8>, fails_at: u64, tears: bool) -> Self {
        let state = DiskState { volatile: contents.clone(), stable: contents, operations: 0, fails_at, tears };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn operate(&self, operation: impl FnOnce(&mut DiskState, bool)) -> io::Result<()> {
        let mut state = self.state.lock().unwrap();
        state.operations += 1;
        if state.operations > state.fails_at {
            return Err(io::Error::other("the disk is gone"));
        }
        let torn = state.operations == state.fails_at && state.tears;
        operation(&mut state, torn);
        if torn { Err(io::Error::other("the disk is torn")) } else { Ok(()) }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state.lock().unwrap().volatile.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state.lock().unwrap();
        let start = offset as usize;
        out.copy_from_slice(&state.volatile[start..start + out.len()]);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.operate(|state, torn| {
            if !torn {
                state.volatile.resize(len as usize, 0);
            }
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.operate(|state, torn| {
            if !torn {
                state.stable.clone_from(&state.volatile);
            }
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.operate(|state, torn| {
            let start = offset as usize;
            let len = if torn { data.len() / 2 } else { data.len() };
            state.volatile[start..start + len].copy_from_slice(&data[..len]);
        })
    }
}

type Rows = BTreeMap<Vec<u8>, u64>;

/// Runs a few steps until the disk fails. Returns the rows whose write was acknowledged, and the one under way.
fn run_until_failure(disk: &Disk) -> (Rows, Option<(Vec<u8>, u64)>) {
    let mut acknowledged = BTreeMap::new();
    let Ok(ledger) = Ledger::open_with_backend(Path::new("disk"), disk.clone()) else {
        return (acknowledged, None);
    };
    for step in 0..12u64 {
        let key = vec![b'k', (step % 5) as u8];
        if ledger.put(Table::Receipt, &key, &step).is_err() {
            return (acknowledged, Some((key, step)));
        }
        acknowledged.insert(key, step);
    }
    (acknowledged, None)
}

#[test]
fn a_crash_at_any_write_loses_nothing_that_was_acknowledged() {
    // Made and closed in peace: that a ledger appears complete or not at all is another law.
    let made = Disk::new(Vec::new(), u64::MAX, false);
    drop(Ledger::open_with_backend(Path::new("disk"), made.clone()).unwrap());
    let empty = made.state.lock().unwrap().stable.clone();

    let whole = Disk::new(empty.clone(), u64::MAX, false);
    let (rows, _) = run_until_failure(&whole);
    assert_eq!(rows.len(), 5);
    let operations = whole.state.lock().unwrap().operations;
    assert!(operations > 30, "only {operations} operations were counted");

    for fails_at in 0..operations {
        for tears in [false, true] {
            let disk = Disk::new(empty.clone(), fails_at, tears);
            let (acknowledged, pending) = run_until_failure(&disk);
            let (volatile, stable) = {
                let state = disk.state.lock().unwrap();
                (state.volatile.clone(), state.stable.clone())
            };
            // A power cut keeps what was synced; a kill keeps all that was written.
            for (what, contents) in [("power cut", stable), ("kill", volatile)] {
                let case = format!("{what} after operation {fails_at} of {operations}, torn: {tears}");
                let disk = Disk::new(contents, u64::MAX, false);
                let ledger = Ledger::open_with_backend(Path::new("disk"), disk)
                    .unwrap_or_else(|error| panic!("{case}: {error}"));
                let scan = ledger.scan::<u64>(Table::Receipt).unwrap();
                assert!(scan.corrupt.is_empty(), "{case}");
                let found: BTreeMap<_, _> = scan.rows.into_iter().collect();
                let mut with_pending = acknowledged.clone();
                with_pending.extend(pending.clone());
                assert!(found == acknowledged || found == with_pending, "{case}: {found:?}");
            }
        }
    }
}
