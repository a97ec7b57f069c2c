//! Who may do what: challenges, sessions, keys, the audit log. Secrets are kept as digests.

use super::Store;
use crate::{error::StoreError, limits};

/// A session that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub address: String,
    pub created_at: i64,
    pub expires_at: i64,
}

/// A key as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    pub id: String,
    pub owner: String,
    pub name: String,
    pub role: String,
    pub created_at: i64,
    pub expires_at: Option<i64>,
}

/// A line of the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    pub sequence: i64,
    pub at: i64,
    pub actor: String,
    pub action: String,
    pub subject: String,
}

impl Store {
    /// Keeps a challenge until it is answered or expires. Beyond the bound the oldest go.
    pub async fn put_challenge(
        &self,
        nonce: &str,
        address: &str,
        message: &str,
        expires_at: i64,
    ) -> Result<(), StoreError> {
        let _writing = self.write().await;
        sqlx::query("INSERT INTO challenges (nonce, address, message, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(nonce)
            .bind(address)
            .bind(message)
            .bind(expires_at)
            .execute(&self.pool)
            .await?;
        sqlx::query(
            "DELETE FROM challenges WHERE nonce NOT IN \
             (SELECT nonce FROM challenges ORDER BY expires_at DESC, nonce LIMIT $1)",
        )
        .bind(limits::CHALLENGES_MAX)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Takes a challenge out: it can be answered once, also by two at the same time.
    pub async fn take_challenge(&self, nonce: &str) -> Result<Option<(String, String, i64)>, StoreError> {
        let _writing = self.write().await;
        Ok(sqlx::query_as("DELETE FROM challenges WHERE nonce = $1 RETURNING address, message, expires_at")
            .bind(nonce)
            .fetch_optional(&self.pool)
            .await?)
    }

    pub async fn put_session(&self, digest: &str, session: &Session) -> Result<(), StoreError> {
        let _writing = self.write().await;
        sqlx::query("INSERT INTO sessions (digest, address, created_at, expires_at) VALUES ($1, $2, $3, $4)")
            .bind(digest)
            .bind(session.address.clone())
            .bind(session.created_at)
            .bind(session.expires_at)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The session of a token's digest, unless it has expired.
    pub async fn session(&self, digest: &str, now: i64) -> Result<Option<Session>, StoreError> {
        let row: Option<(String, i64, i64)> = sqlx::query_as(
            "SELECT address, created_at, expires_at FROM sessions WHERE digest = $1 AND expires_at > $2",
        )
        .bind(digest)
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|(address, created_at, expires_at)| Session { address, created_at, expires_at }))
    }

    pub async fn drop_session(&self, digest: &str) -> Result<(), StoreError> {
        let _writing = self.write().await;
        sqlx::query("DELETE FROM sessions WHERE digest = $1").bind(digest).execute(&self.pool).await?;
        Ok(())
    }

    /// Keeps a key; false if its owner has as many as allowed.
    pub async fn put_key(&self, key: &ApiKey, digest: &str) -> Result<bool, StoreError> {
        let _writing = self.write().await;
        let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM api_keys WHERE owner = $1")
            .bind(key.owner.clone())
            .fetch_one(&self.pool)
            .await?;
        if count >= limits::KEYS_PER_OWNER_MAX {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO api_keys (id, owner, name, role, digest, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(key.id.clone())
        .bind(key.owner.clone())
        .bind(key.name.clone())
        .bind(key.role.clone())
        .bind(digest)
        .bind(key.created_at)
        .bind(key.expires_at)
        .execute(&self.pool)
        .await?;
        Ok(true)
    }

    /// The key of a digest, unless it has expired.
    pub async fn key(&self, digest: &str, now: i64) -> Result<Option<ApiKey>, StoreError> {
        let row: Option<KeyColumns> = sqlx::query_as(
            "SELECT id, owner, name, role, created_at, expires_at FROM api_keys \
             WHERE digest = $1 AND (expires_at IS NULL OR expires_at > $2)",
        )
        .bind(digest)
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(api_key))
    }

    /// The keys of an owner, by their ids.
    pub async fn keys(&self, owner: &str, after: Option<&str>, limit: i64) -> Result<Vec<ApiKey>, StoreError> {
        let rows: Vec<KeyColumns> = sqlx::query_as(
            "SELECT id, owner, name, role, created_at, expires_at FROM api_keys \
             WHERE owner = $1 AND id > $2 ORDER BY id LIMIT $3",
        )
        .bind(owner)
        .bind(after.unwrap_or(""))
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(api_key).collect())
    }

    /// Ends a key of an owner; false if there is none.
    pub async fn drop_key(&self, owner: &str, id: &str) -> Result<bool, StoreError> {
        let _writing = self.write().await;
        let done = sqlx::query("DELETE FROM api_keys WHERE owner = $1 AND id = $2")
            .bind(owner)
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Writes down who did what.
    pub async fn audit(
        &self,
        at: i64,
        owner: &str,
        actor: &str,
        action: &str,
        subject: &str,
    ) -> Result<(), StoreError> {
        let _writing = self.write().await;
        sqlx::query("INSERT INTO audit (at, owner, actor, action, subject) VALUES ($1, $2, $3, $4, $5)")
            .bind(at)
            .bind(owner)
            .bind(actor)
            .bind(action)
            .bind(subject)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The audit log of an owner, newest first.
    pub async fn audit_of(&self, owner: &str, before: Option<i64>, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        let rows: Vec<(i64, i64, String, String, String)> = sqlx::query_as(
            "SELECT sequence, at, actor, action, subject FROM audit WHERE owner = $1 AND sequence < $2 \
             ORDER BY sequence DESC LIMIT $3",
        )
        .bind(owner)
        .bind(before.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .map(|(sequence, at, actor, action, subject)| AuditRow { sequence, at, actor, action, subject })
            .collect())
    }

    /// Drops what has expired, and the audit log beyond its bound.
    pub async fn sweep(&self, now: i64) -> Result<(), StoreError> {
        let _writing = self.write().await;
        sqlx::query("DELETE FROM challenges WHERE expires_at <= $1").bind(now).execute(&self.pool).await?;
        sqlx::query("DELETE FROM sessions WHERE expires_at <= $1").bind(now).execute(&self.pool).await?;
        let full: Vec<(String,)> = sqlx::query_as("SELECT owner FROM audit GROUP BY owner HAVING COUNT(*) > $1")
            .bind(limits::AUDIT_ROWS_MAX)
            .fetch_all(&self.pool)
            .await?;
        for (owner,) in full {
            sqlx::query(
                "DELETE FROM audit WHERE owner = $1 AND sequence <= \
                 (SELECT sequence FROM audit WHERE owner = $1 ORDER BY sequence DESC LIMIT 1 OFFSET $2)",
            )
            .bind(owner)
            .bind(limits::AUDIT_ROWS_MAX)
            .execute(&self.pool)
            .await?;
        }
        Ok(())
    }
}

type KeyColumns = (String, String, String, String, i64, Option<i64>);

fn api_key((id, owner, name, role, created_at, expires_at): KeyColumns) -> ApiKey {
    ApiKey { id, owner, name, role, created_at, expires_at }
}
