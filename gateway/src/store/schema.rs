//! The tables.

use super::Dialect;

const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    // Slots behind the cursor that are applied and may still be undone.
    "CREATE TABLE IF NOT EXISTS slots (slot BIGINT PRIMARY KEY, signatures TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS events (
        sequence BIGINT PRIMARY KEY, slot BIGINT NOT NULL, signature TEXT NOT NULL, position BIGINT NOT NULL,
        program BIGINT NOT NULL, name TEXT NOT NULL, at BIGINT, data {bytes} NOT NULL)",
    "CREATE INDEX IF NOT EXISTS events_by_name ON events (name, sequence)",
    "CREATE TABLE IF NOT EXISTS event_accounts (
        account TEXT NOT NULL, sequence BIGINT NOT NULL, PRIMARY KEY (account, sequence))",
    "CREATE INDEX IF NOT EXISTS event_accounts_by_sequence ON event_accounts (sequence)",
    "CREATE TABLE IF NOT EXISTS terms (
        account TEXT NOT NULL, sequence BIGINT NOT NULL, slot BIGINT NOT NULL, is_array BIGINT NOT NULL,
        data {bytes} NOT NULL, PRIMARY KEY (account, sequence))",
    "CREATE INDEX IF NOT EXISTS terms_by_slot ON terms (slot)",
    "CREATE TABLE IF NOT EXISTS claims (
        receipt_hash TEXT NOT NULL, sequence BIGINT NOT NULL, slot BIGINT NOT NULL, signature {bytes} NOT NULL,
        exit_code BIGINT NOT NULL, termination BIGINT NOT NULL, PRIMARY KEY (receipt_hash, sequence))",
    "CREATE INDEX IF NOT EXISTS claims_by_slot ON claims (slot)",
    "CREATE TABLE IF NOT EXISTS matches (
        sequence BIGINT PRIMARY KEY, slot BIGINT NOT NULL, at BIGINT NOT NULL, job TEXT NOT NULL,
        provider TEXT NOT NULL, price TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS matches_by_time ON matches (at)",
    "CREATE TABLE IF NOT EXISTS jobs (
        address TEXT PRIMARY KEY, tenant TEXT NOT NULL, mint TEXT NOT NULL, provider TEXT, state TEXT NOT NULL,
        kind TEXT, posted_slot BIGINT NOT NULL, closed BIGINT NOT NULL, record TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS jobs_by_age ON jobs (posted_slot, address)",
    "CREATE INDEX IF NOT EXISTS jobs_by_tenant ON jobs (tenant, posted_slot, address)",
    "CREATE INDEX IF NOT EXISTS jobs_by_provider ON jobs (provider, posted_slot, address)",
    "CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, posted_slot, address)",
    "CREATE TABLE IF NOT EXISTS challenges (
        nonce TEXT PRIMARY KEY, address TEXT NOT NULL, message TEXT NOT NULL, expires_at BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS sessions (
        digest TEXT PRIMARY KEY, address TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS api_keys (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, digest TEXT NOT NULL UNIQUE,
        created_at BIGINT NOT NULL, expires_at BIGINT)",
    "CREATE INDEX IF NOT EXISTS api_keys_by_owner ON api_keys (owner)",
    "CREATE TABLE IF NOT EXISTS audit (
        sequence {serial}, at BIGINT NOT NULL, owner TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
        subject TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS audit_by_owner ON audit (owner, sequence)",
    "CREATE TABLE IF NOT EXISTS held (
        job TEXT NOT NULL, kind TEXT NOT NULL, nonce TEXT NOT NULL, bytes BIGINT NOT NULL, file TEXT NOT NULL,
        delivered_attempt BIGINT NOT NULL, tries BIGINT NOT NULL, next_at BIGINT NOT NULL, error TEXT,
        PRIMARY KEY (job, kind))",
];

/// What makes or completes the tables of a dialect.
pub fn statements(dialect: Dialect) -> Vec<String> {
    let (bytes, serial) = match dialect {
        Dialect::Sqlite => ("BLOB", "INTEGER PRIMARY KEY AUTOINCREMENT"),
        Dialect::Postgres => ("BYTEA", "BIGSERIAL PRIMARY KEY"),
    };
    TABLES.iter().map(|table| table.replace("{bytes}", bytes).replace("{serial}", serial)).collect()
}
