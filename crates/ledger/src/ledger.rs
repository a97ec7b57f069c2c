//! The store and its typed tables.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{io, process};

use redb::{
    Builder, Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition,
    TableError, WriteTransaction,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits;

type Rows = TableDefinition<'static, &'static [u8], &'static [u8]>;

/// Holds the one row that says how to read the others. Never changes its own form.
const SCHEMA: TableDefinition<'static, &str, u32> = TableDefinition::new("schema");
const SCHEMA_ROW: &str = "version";

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Table {
    /// Runs of jobs: what was started, in which container, and how far it came.
    Attempt,
    /// Receipts this node signed as a provider.
    Receipt,
    /// Signed messages and transactions that are not yet confirmed.
    Outbox,
    /// Attestations this node signed as a validator.
    Attestation,
    /// Cursors and settings of the daemon itself.
    Meta,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 5] = [Self::Attempt, Self::Receipt, Self::Outbox, Self::Attestation, Self::Meta];

    /// The name of the table in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Attempt => "attempt",
            Self::Receipt => "receipt",
            Self::Outbox => "outbox",
            Self::Attestation => "attestation",
            Self::Meta => "meta",
        }
    }

    fn rows(self) -> Rows {
        TableDefinition::new(self.name())
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Why the ledger refused or failed. After [`LedgerError::Store`] a write has either happened in full or not at all;
/// only a new [`Ledger::open`] tells which.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another process, or another part of this one, has the file open.
    #[error("{path:?} is in use by another process; a ledger belongs to one daemon at a time")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a later release.
    #[error(
        "{path:?} has schema version {found}, this release reads up to {supported}: install the release that wrote \
         it, or move the file away"
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        found: u32,
        /// Latest version this release reads.
        supported: u32,
    },
    /// The file cannot be opened as a ledger.
    #[error("{path:?} cannot be opened: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: Box<redb::Error>,
    },
    /// The file system refused.
    #[error("{path:?}: {source}")]
    Io {
        /// The file or its directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The key is there already; nothing was written.
    #[error("{table} {key_hex} is already recorded")]
    AlreadyRecorded {
        /// The table.
        table: Table,
        /// The key in hexadecimal.
        key_hex: String,
    },
    /// A row cannot be read as what it should be.
    #[error("{table} {key_hex} cannot be read: {reason}")]
    CorruptRow {
        /// The table.
        table: Table,
        /// The key in hexadecimal.
        key_hex: String,
        /// Why.
        reason: String,
    },
    /// A key that is empty or too long.
    #[error("a key of {table} has {bytes} bytes, it must have from 1 to {limit}")]
    KeyLength {
        /// The table.
        table: Table,
        /// Length found, in bytes.
        bytes: usize,
        /// Length allowed, in bytes.
        limit: usize,
    },
    /// A value that is too long.
    #[error("a value of {table} has {bytes} bytes, the limit is {limit}")]
    ValueTooLong {
        /// The table.
        table: Table,
        /// Length found, in bytes.
        bytes: usize,
        /// Length allowed, in bytes.
        limit: usize,
    },
    /// A value that has no JSON form.
    #[error("a value of {table} cannot be written: {source}")]
    Encode {
        /// The table.
        table: Table,
        /// Why.
        source: serde_json::Error,
    },
    /// The store failed: the disk is full, read-only or broken.
    #[error("the ledger failed: {0}")]
    Store(#[source] Box<redb::Error>),
}

impl LedgerError {
    fn store(error: impl Into<redb::Error>) -> Self {
        Self::Store(Box::new(error.into()))
    }
}

/// A row of a scan that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorruptRow {
    /// Its key.
    pub key: Vec<u8>,
    /// Why it could not be read.
    pub reason: String,
}

/// Everything in a table, in the byte order of the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scan<T> {
    /// The rows that could be read, with their keys.
    pub rows: Vec<(Vec<u8>, T)>,
    /// The rows that could not. The caller must say so to its operator: silence would be a lost receipt.
    pub corrupt: Vec<CorruptRow>,
}

/// A crash-safe store of JSON values in a few tables. Shared by reference between threads; writers take turns.
pub struct Ledger {
    database: Database,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ledger")
    }
}

/// Several writes that happen together or not at all: see [`Ledger::write`].
pub struct Batch<'a> {
    transaction: &'a WriteTransaction,
}

impl Ledger {
    /// Opens a ledger, or makes a new one, readable by its owner only. The directory must exist.
    ///
    /// A new ledger appears under its name only when it is complete: one made in place and cut short would be taken
    /// for a broken one ever after.
    ///
    /// # Errors
    /// The file is in use, of a newer release, not a ledger, or cannot be read or written.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let exists = path.try_exists().map_err(|source| LedgerError::Io { path: path.to_owned(), source })?;
        if !exists {
            make_new(path)?;
        }
        Self::open_in_place(path)
    }

    fn open_in_place(path: &Path) -> Result<Self, LedgerError> {
        let opened = Builder::new().set_cache_size(limits::CACHE_BYTES).create(path);
        let database = opened.map_err(|error| open_error(path.to_owned(), error))?;
        let ledger = Self { database };
        ledger.claim_schema(path)?;
        Ok(ledger)
    }

    /// Opens a ledger on a store of the caller's making, such as one that fails on purpose. `path` is for messages.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_with_backend(path: &Path, backend: impl StorageBackend) -> Result<Self, LedgerError> {
        let opened = Builder::new().set_cache_size(limits::CACHE_BYTES).create_with_backend(backend);
        let database = opened.map_err(|error| open_error(path.to_owned(), error))?;
        let ledger = Self { database };
        ledger.claim_schema(path)?;
        Ok(ledger)
    }

    /// Refuses a file of a newer release, and marks a new file with the version of this one.
    fn claim_schema(&self, path: &Path) -> Result<(), LedgerError> {
        let found = self.schema()?;
        match found {
            Some(found) if found > limits::SCHEMA_VERSION => {
                let supported = limits::SCHEMA_VERSION;
                return Err(LedgerError::NewerSchema { path: path.to_owned(), found, supported });
            }
            // Version 1 is the first: an older file, once there is one, is brought up to date here.
            Some(_) => return Ok(()),
            None => {}
        }
        let transaction = self.begin()?;
        {
            let mut table = transaction.open_table(SCHEMA).map_err(LedgerError::store)?;
            table.insert(SCHEMA_ROW, limits::SCHEMA_VERSION).map_err(LedgerError::store)?;
        }
        for table in Table::ALL {
            transaction.open_table(table.rows()).map_err(LedgerError::store)?;
        }
        transaction.commit().map_err(LedgerError::store)
    }

    /// The version in the file, if it has one; reading it writes nothing.
    fn schema(&self) -> Result<Option<u32>, LedgerError> {
        let transaction = self.database.begin_read().map_err(LedgerError::store)?;
        let table = match transaction.open_table(SCHEMA) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(LedgerError::store(error)),
        };
        let row = table.get(SCHEMA_ROW).map_err(LedgerError::store)?;
        Ok(row.map(|version| version.value()))
    }

    fn begin(&self) -> Result<WriteTransaction, LedgerError> {
        let mut transaction = self.database.begin_write().map_err(LedgerError::store)?;
        transaction.set_durability(Durability::Immediate).map_err(LedgerError::store)?;
        Ok(transaction)
    }

    /// Makes several writes together: all are on the disk when this returns, or none has happened. An error from
    /// `writes` undoes them all.
    ///
    /// # Errors
    /// The error of `writes`, or that of the store.
    pub fn write<R>(&self, writes: impl FnOnce(&Batch<'_>) -> Result<R, LedgerError>) -> Result<R, LedgerError> {
        let transaction = self.begin()?;
        // A transaction dropped on the way out is undone.
        let result = writes(&Batch { transaction: &transaction })?;
        transaction.commit().map_err(LedgerError::store)?;
        Ok(result)
    }

    /// Records a value, replacing what the key held.
    ///
    /// # Errors
    /// A key or value outside its bounds, or a failing store.
    pub fn put<T: Serialize + ?Sized>(&self, table: Table, key: &[u8], value: &T) -> Result<(), LedgerError> {
        self.write(|batch| batch.put(table, key, value))
    }

    /// Records a value under a key that must be free. Of any number of callers, exactly one succeeds.
    ///
    /// # Errors
    /// [`LedgerError::AlreadyRecorded`] if the key holds anything, even a row that cannot be read; otherwise as
    /// [`Ledger::put`].
    pub fn insert_new<T: Serialize + ?Sized>(&self, table: Table, key: &[u8], value: &T) -> Result<(), LedgerError> {
        self.write(|batch| batch.insert_new(table, key, value))
    }

    /// Removes a key, and says whether it held anything.
    ///
    /// # Errors
    /// A failing store.
    pub fn remove(&self, table: Table, key: &[u8]) -> Result<bool, LedgerError> {
        self.write(|batch| batch.remove(table, key))
    }

    /// The value of a key, or nothing.
    ///
    /// # Errors
    /// [`LedgerError::CorruptRow`] if the row cannot be read as a `T`, or a failing store.
    pub fn get<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, LedgerError> {
        let transaction = self.database.begin_read().map_err(LedgerError::store)?;
        let rows = match transaction.open_table(table.rows()) {
            Ok(rows) => rows,
            // A table of a later addition, in a file that has not used it yet.
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(LedgerError::store(error)),
        };
        let Some(row) = rows.get(key).map_err(LedgerError::store)? else {
            return Ok(None);
        };
        match serde_json::from_slice(row.value()) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(LedgerError::CorruptRow { table, key_hex: hex_of(key), reason: error.to_string() }),
        }
    }

    /// Every row of a table as of one instant. A row that cannot be read is reported beside the others.
    ///
    /// # Errors
    /// A failing store.
    pub fn scan<T: DeserializeOwned>(&self, table: Table) -> Result<Scan<T>, LedgerError> {
        let mut scan = Scan { rows: Vec::new(), corrupt: Vec::new() };
        let transaction = self.database.begin_read().map_err(LedgerError::store)?;
        let rows = match transaction.open_table(table.rows()) {
            Ok(rows) => rows,
            Err(TableError::TableDoesNotExist(_)) => return Ok(scan),
            Err(error) => return Err(LedgerError::store(error)),
        };
        for row in rows.iter().map_err(LedgerError::store)? {
            let (key, value) = row.map_err(LedgerError::store)?;
            let key = key.value().to_vec();
            match serde_json::from_slice(value.value()) {
                Ok(value) => scan.rows.push((key, value)),
                Err(error) => scan.corrupt.push(CorruptRow { key, reason: error.to_string() }),
            }
        }
        Ok(scan)
    }
}

impl Batch<'_> {
    /// As [`Ledger::put`].
    ///
    /// # Errors
    /// As [`Ledger::put`].
    pub fn put<T: Serialize + ?Sized>(&self, table: Table, key: &[u8], value: &T) -> Result<(), LedgerError> {
        self.put_bytes(table, key, &encode(table, value)?)
    }

    /// As [`Ledger::insert_new`].
    ///
    /// # Errors
    /// As [`Ledger::insert_new`].
    pub fn insert_new<T: Serialize + ?Sized>(&self, table: Table, key: &[u8], value: &T) -> Result<(), LedgerError> {
        let bytes = encode(table, value)?;
        {
            let rows = self.transaction.open_table(table.rows()).map_err(LedgerError::store)?;
            if rows.get(key).map_err(LedgerError::store)?.is_some() {
                return Err(LedgerError::AlreadyRecorded { table, key_hex: hex_of(key) });
            }
        }
        self.put_bytes(table, key, &bytes)
    }

    /// As [`Ledger::remove`].
    ///
    /// # Errors
    /// As [`Ledger::remove`].
    pub fn remove(&self, table: Table, key: &[u8]) -> Result<bool, LedgerError> {
        let mut rows = self.transaction.open_table(table.rows()).map_err(LedgerError::store)?;
        let removed = rows.remove(key).map_err(LedgerError::store)?;
        Ok(removed.is_some())
    }

    fn put_bytes(&self, table: Table, key: &[u8], bytes: &[u8]) -> Result<(), LedgerError> {
        let limit = limits::KEY_BYTES_MAX;
        if key.is_empty() || key.len() > limit {
            return Err(LedgerError::KeyLength { table, bytes: key.len(), limit });
        }
        let mut rows = self.transaction.open_table(table.rows()).map_err(LedgerError::store)?;
        rows.insert(key, bytes).map_err(LedgerError::store)?;
        Ok(())
    }
}

fn encode<T: Serialize + ?Sized>(table: Table, value: &T) -> Result<Vec<u8>, LedgerError> {
    let bytes = serde_json::to_vec(value).map_err(|source| LedgerError::Encode { table, source })?;
    let limit = limits::VALUE_BYTES_MAX;
    if bytes.len() > limit {
        return Err(LedgerError::ValueTooLong { table, bytes: bytes.len(), limit });
    }
    Ok(bytes)
}

fn hex_of(key: &[u8]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn open_error(path: PathBuf, error: DatabaseError) -> LedgerError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => LedgerError::InUse { path },
        error => LedgerError::Open { path, source: Box::new(error.into()) },
    }
}

/// Makes a complete, empty ledger beside `path` and gives it that name, unless another process was faster. The mode
/// is 0600: receipts hold the secrets that blind their outputs. The directory is synced, so that the name is still
/// there after a power cut.
fn make_new(path: &Path) -> Result<(), LedgerError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    let new = path.with_file_name(name);
    let failed = |source| LedgerError::Io { path: new.clone(), source };

    // Left by a process of the same number that was killed here.
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    make_private_file(&new).map_err(failed)?;
    // Opened and closed: the tables and the version are in it, and on the disk.
    let made = Ledger::open_in_place(&new).map(drop).and_then(|()| {
        // A link, unlike a rename, does not take the name from a ledger that is there by now.
        match fs::hard_link(&new, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(failed(error)),
            _ => Ok(()),
        }
    });
    let removed = fs::remove_file(&new).map_err(failed);
    made?;
    removed?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let synced = File::open(directory).and_then(|directory| directory.sync_all());
    synced.map_err(|source| LedgerError::Io { path: directory.to_owned(), source })
}

fn make_private_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_corrupt_row_is_reported_and_hides_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&dir.path().join("ledger")).unwrap();
        ledger.put(Table::Receipt, b"a", &1u32).unwrap();
        ledger.put(Table::Receipt, b"c", &3u32).unwrap();
        ledger.write(|batch| batch.put_bytes(Table::Receipt, b"b", b"{\"half")).unwrap();
        ledger.write(|batch| batch.put_bytes(Table::Receipt, b"d", b"\"a text\"")).unwrap();

        let scan = ledger.scan::<u32>(Table::Receipt).unwrap();
        assert_eq!(scan.rows, [(b"a".to_vec(), 1), (b"c".to_vec(), 3)]);
        assert_eq!(scan.corrupt.iter().map(|row| row.key.as_slice()).collect::<Vec<_>>(), [b"b", b"d"]);
        let error = ledger.get::<u32>(Table::Receipt, b"b").unwrap_err();
        assert!(
            matches!(&error, LedgerError::CorruptRow { table: Table::Receipt, key_hex, .. } if key_hex == "62"),
            "{error}"
        );
        // What cannot be read was still recorded once.
        let error = ledger.insert_new(Table::Receipt, b"b", &2u32).unwrap_err();
        assert!(matches!(error, LedgerError::AlreadyRecorded { .. }), "{error}");
    }

    #[test]
    fn a_file_of_a_newer_release_is_refused_with_words() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ledger");
        let ledger = Ledger::open(&path).unwrap();
        let transaction = ledger.begin().unwrap();
        transaction.open_table(SCHEMA).unwrap().insert(SCHEMA_ROW, limits::SCHEMA_VERSION + 1).unwrap();
        transaction.commit().unwrap();
        drop(ledger);
        // Twice: a refusal does not change the file.
        for _ in 0..2 {
            let error = Ledger::open(&path).unwrap_err();
            assert!(matches!(error, LedgerError::NewerSchema { found: 2, supported: 1, .. }), "{error}");
            assert!(error.to_string().contains("schema version 2"), "{error}");
        }
    }
}
