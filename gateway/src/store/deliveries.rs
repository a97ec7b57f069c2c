//! What waits on this machine's disk for a provider's node.

use super::Store;
use crate::error::StoreError;

/// What of a job is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HeldKind {
    Spec,
    Input,
}

impl HeldKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spec => "spec",
            Self::Input => "input",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::Spec, Self::Input].into_iter().find(|kind| kind.name() == name)
    }
}

/// A blob that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub job: String,
    pub kind: HeldKind,
    /// Tells this life of the job's address from any other.
    pub nonce: u64,
    pub bytes: u64,
    /// Name of the file in the gateway's folder.
    pub file: String,
    /// The attempt whose provider has it; 0 before the first.
    pub delivered_attempt: u16,
    /// Failed tries in a row.
    pub tries: u32,
    /// When it is tried again, unix milliseconds.
    pub next_at: i64,
    pub error: Option<String>,
}

type Columns = (String, String, String, i64, String, i64, i64, i64, Option<String>);

fn held(columns: Columns) -> Option<Held> {
    let (job, kind, nonce, bytes, file, delivered_attempt, tries, next_at, error) = columns;
    Some(Held {
        job,
        kind: HeldKind::of(&kind)?,
        nonce: nonce.parse().ok()?,
        bytes: bytes.unsigned_abs(),
        file,
        delivered_attempt: u16::try_from(delivered_attempt).ok()?,
        tries: u32::try_from(tries).ok()?,
        next_at,
        error,
    })
}

impl Store {
    /// Notes what is held, in place of what was.
    pub async fn put_held(&self, held: &Held) -> Result<(), StoreError> {
        let _writing = self.write().await;
        sqlx::query(
            "INSERT INTO held (job, kind, nonce, bytes, file, delivered_attempt, tries, next_at, error) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (job, kind) DO UPDATE SET \
             nonce = excluded.nonce, bytes = excluded.bytes, file = excluded.file, \
             delivered_attempt = excluded.delivered_attempt, tries = excluded.tries, \
             next_at = excluded.next_at, error = excluded.error",
        )
        .bind(held.job.clone())
        .bind(held.kind.name())
        .bind(held.nonce.to_string())
        .bind(i64::try_from(held.bytes).unwrap_or(i64::MAX))
        .bind(held.file.clone())
        .bind(i64::from(held.delivered_attempt))
        .bind(i64::from(held.tries))
        .bind(held.next_at)
        .bind(held.error.clone())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Everything that is held.
    pub async fn all_held(&self) -> Result<Vec<Held>, StoreError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT job, kind, nonce, bytes, file, delivered_attempt, tries, next_at, error FROM held \
             ORDER BY job, kind DESC",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().filter_map(held).collect())
    }

    /// What of a job is held.
    pub async fn held_of(&self, job: &str) -> Result<Vec<Held>, StoreError> {
        let rows: Vec<Columns> = sqlx::query_as(
            "SELECT job, kind, nonce, bytes, file, delivered_attempt, tries, next_at, error FROM held WHERE job = $1",
        )
        .bind(job)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().filter_map(held).collect())
    }

    /// Forgets what was held of a job.
    pub async fn drop_held(&self, job: &str) -> Result<(), StoreError> {
        let _writing = self.write().await;
        sqlx::query("DELETE FROM held WHERE job = $1").bind(job).execute(&self.pool).await?;
        Ok(())
    }
}
