//! The database: SQLite in a file by default, Postgres by URL. Everything derived from the chain can be rebuilt; what
//! people gave (sessions, keys, the audit log, what waits for delivery) is here alone.
//!
//! One dialect serves both: 64-bit integers, texts, bytes; `$1` for parameters; conflicts by `ON CONFLICT`.

mod access;
mod deliveries;
mod index;
mod schema;

use std::{str::FromStr, sync::Arc};

use sqlx::{
    AnyPool, AssertSqlSafe, Executor,
    any::{AnyConnectOptions, AnyPoolOptions},
};
use tokio::sync::{Mutex, MutexGuard};

pub use access::{ApiKey, AuditRow, Session};
pub use deliveries::{Held, HeldKind};
pub use index::{EventFilter, JobFilter, JobInputs, StoredEvent};

use crate::error::StoreError;

/// Connections of one gateway: readers beside one writer.
const CONNECTIONS: u32 = 8;
/// How long a request waits for a connection before it fails.
const ACQUIRE: std::time::Duration = std::time::Duration::from_secs(10);

/// Which database it is: the two differ in how a table counts and in what bytes are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

/// The database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    pool: AnyPool,
    dialect: Dialect,
    /// SQLite has one writer; waiting for it here is fair, waiting for its lock is not.
    writing: Arc<Mutex<()>>,
}

impl Store {
    /// Connects and brings the tables up to date.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database cannot be reached or is too new.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let dialect = if url.starts_with("postgres") { Dialect::Postgres } else { Dialect::Sqlite };
        let url = match dialect {
            Dialect::Sqlite if !url.contains('?') => format!("{url}?mode=rwc"),
            _ => url.to_owned(),
        };
        let options = AnyConnectOptions::from_str(&url)?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE)
            .after_connect(move |connection, _| {
                Box::pin(async move {
                    if dialect == Dialect::Sqlite {
                        connection.execute("PRAGMA journal_mode = WAL").await?;
                        connection.execute("PRAGMA synchronous = NORMAL").await?;
                        connection.execute("PRAGMA busy_timeout = 10000").await?;
                        connection.execute("PRAGMA cache_size = -16384").await?;
                    }
                    Ok(())
                })
            })
            .connect_with(options)
            .await?;
        let store = Self { pool, dialect, writing: Arc::new(Mutex::new(())) };
        store.migrate().await?;
        Ok(store)
    }

    /// Which database it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let _writing = self.write().await;
        let mut transaction = self.pool.begin().await?;
        for statement in schema::statements(self.dialect) {
            transaction.execute(AssertSqlSafe(statement)).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn write(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().await
    }

    /// Ties the database to one network: an index of another must not be mixed in.
    ///
    /// # Errors
    /// [`StoreError::OtherNetwork`].
    pub async fn bind_network(&self, genesis: &str) -> Result<(), StoreError> {
        let found = self.meta("genesis").await?;
        match found {
            Some(found) if found != genesis => Err(StoreError::OtherNetwork { found, expected: genesis.to_owned() }),
            Some(_) => Ok(()),
            None => self.set_meta("genesis", genesis).await,
        }
    }

    async fn meta(&self, name: &str) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> =
            sqlx::query_as("SELECT value FROM meta WHERE name = $1").bind(name).fetch_optional(&self.pool).await?;
        Ok(row.map(|(value,)| value))
    }

    async fn set_meta(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let _writing = self.write().await;
        sqlx::query(SET_META).bind(name).bind(value).execute(&self.pool).await?;
        Ok(())
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Ends all connections.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

const SET_META: &str =
    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
