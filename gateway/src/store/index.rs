//! What is derived from the chain.

use std::collections::{BTreeMap, BTreeSet};

use proofmill_client::market::{self, Event};
use solana_address::Address;
use solana_signature::Signature;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row, any::AnyRow, query::Query};

use super::{SET_META, Store};
use crate::{
    encode::Hash32,
    error::StoreError,
    index::{
        block::{Changes, read_array_terms, read_terms},
        fold::{self, Dated, Terms},
    },
    reflect::Program,
    views::Job,
};

/// An event as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    pub sequence: i64,
    pub slot: u64,
    pub signature: String,
    pub index: u32,
    pub program: Program,
    pub name: String,
    pub at: Option<i64>,
    pub data: Vec<u8>,
}

/// Which jobs are listed, newest first.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    pub tenant: Option<String>,
    pub provider: Option<String>,
    pub state: Option<String>,
    pub kind: Option<String>,
    pub mint: Option<String>,
    /// Only those behind this one: slot of posting and address.
    pub after: Option<(i64, String)>,
    pub limit: i64,
}

/// Which events are listed.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    pub name: Option<String>,
    /// Any of these addresses is in it; all events if empty.
    pub accounts: Vec<String>,
    pub after: Option<i64>,
    /// Oldest first instead of newest first.
    pub ascending: bool,
    pub limit: i64,
}

/// What a job is folded from.
#[derive(Clone, Debug, Default)]
pub struct JobInputs {
    pub events: Vec<Dated>,
    pub terms: Option<Terms>,
}

impl Store {
    /// The cursor of the history: every slot up to it is applied and final.
    pub async fn cursor(&self) -> Result<u64, StoreError> {
        let found = self.meta("cursor").await?;
        Ok(found.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    /// The slots behind the cursor that are applied.
    pub async fn known_slots(&self) -> Result<BTreeMap<u64, Vec<Signature>>, StoreError> {
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT slot, signatures FROM slots ORDER BY slot").fetch_all(&self.pool).await?;
        Ok(rows
            .into_iter()
            .map(|(slot, signatures)| {
                let all = signatures.split(' ').filter_map(|text| text.parse().ok()).collect();
                (slot.unsigned_abs(), all)
            })
            .collect())
    }

    /// Puts changes in place of what is known of their slots, and moves the cursor, all or nothing. Returns the jobs
    /// that have other events now.
    pub async fn commit(&self, changes: &[Changes], cursor: Option<u64>) -> Result<BTreeSet<Address>, StoreError> {
        let _writing = self.write().await;
        let mut transaction = self.pool.begin().await?;
        let mut jobs = BTreeSet::new();
        for change in changes {
            jobs.extend(clear_slot(&mut transaction, change.slot).await?);
            insert(&mut transaction, change, &mut jobs).await?;
        }
        if let Some(cursor) = cursor {
            sqlx::query("DELETE FROM slots WHERE slot <= $1").bind(signed(cursor)).execute(&mut *transaction).await?;
            sqlx::query(SET_META).bind("cursor").bind(cursor.to_string()).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(jobs)
    }

    /// What a job is folded from: its events in order, its terms.
    pub async fn job_inputs(&self, job: &Address) -> Result<JobInputs, StoreError> {
        let rows = sqlx::query(
            "SELECT e.slot, e.at, e.data FROM event_accounts a JOIN events e ON e.sequence = a.sequence \
             WHERE a.account = $1 AND e.program = $2 ORDER BY a.sequence",
        )
        .bind(job.to_string())
        .bind(i64::from(Program::Market.code()))
        .fetch_all(&self.pool)
        .await?;
        let mut events = Vec::with_capacity(rows.len());
        for row in rows {
            let data: Vec<u8> = row.try_get(2)?;
            let Some(event) = market::decode_event(&data) else { continue };
            if job_of(&event) == Some(*job) {
                events.push(Dated { slot: row.try_get::<i64, _>(0)?.unsigned_abs(), at: row.try_get(1)?, event });
            }
        }
        let terms = match fold::task_of(&events) {
            Some((array, task)) => self
                .newest_terms(&array, true)
                .await?
                .and_then(|data| Some(Terms::Task { array, task, terms: read_array_terms(&data)? })),
            None => self.newest_terms(job, false).await?.and_then(|data| Some(Terms::Own(read_terms(&data)?))),
        };
        Ok(JobInputs { events, terms })
    }

    async fn newest_terms(&self, account: &Address, array: bool) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<(Vec<u8>,)> = sqlx::query_as(
            "SELECT data FROM terms WHERE account = $1 AND is_array = $2 ORDER BY sequence DESC LIMIT 1",
        )
        .bind(account.to_string())
        .bind(i64::from(array))
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.map(|(data,)| data))
    }

    /// The signature that was submitted with a receipt.
    pub async fn receipt_signature(&self, receipt: &Hash32) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<(Vec<u8>,)> =
            sqlx::query_as("SELECT signature FROM claims WHERE receipt_hash = $1 ORDER BY sequence DESC LIMIT 1")
                .bind(hex::encode(receipt.0))
                .fetch_optional(&self.pool)
                .await?;
        Ok(row.map(|(signature,)| signature))
    }

    /// Writes jobs as they are shown.
    pub async fn put_jobs(&self, jobs: &[Job]) -> Result<(), StoreError> {
        if jobs.is_empty() {
            return Ok(());
        }
        let _writing = self.write().await;
        let mut transaction = self.pool.begin().await?;
        for job in jobs {
            let record = serde_json::to_string(job)
                .map_err(|_| StoreError::Undecodable { what: format!("the job {}", job.address) })?;
            sqlx::query(
                "INSERT INTO jobs (address, tenant, mint, provider, state, kind, posted_slot, closed, record) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (address) DO UPDATE SET \
                 tenant = excluded.tenant, mint = excluded.mint, provider = excluded.provider, \
                 state = excluded.state, kind = excluded.kind, posted_slot = excluded.posted_slot, \
                 closed = excluded.closed, record = excluded.record",
            )
            .bind(job.address.to_string())
            .bind(job.tenant.to_string())
            .bind(job.mint.to_string())
            .bind(job.provider.map(|provider| provider.to_string()))
            .bind(job.state.clone())
            .bind(job.kind.clone())
            .bind(signed(job.posted_slot))
            .bind(i64::from(job.closed))
            .bind(record)
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Forgets jobs that never were: their posting was rolled back.
    pub async fn drop_jobs(&self, jobs: &[Address]) -> Result<(), StoreError> {
        let _writing = self.write().await;
        for job in jobs {
            sqlx::query("DELETE FROM jobs WHERE address = $1").bind(job.to_string()).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// Jobs that are shown as not closed.
    pub async fn open_jobs(&self) -> Result<Vec<Address>, StoreError> {
        let rows: Vec<(String,)> =
            sqlx::query_as("SELECT address FROM jobs WHERE closed = 0").fetch_all(&self.pool).await?;
        Ok(rows.into_iter().filter_map(|(address,)| address.parse().ok()).collect())
    }

    /// A job as it is shown, in JSON.
    pub async fn job(&self, job: &Address) -> Result<Option<String>, StoreError> {
        let row: Option<(String,)> = sqlx::query_as("SELECT record FROM jobs WHERE address = $1")
            .bind(job.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|(record,)| record))
    }

    /// Jobs as they are shown: slot of posting, address, JSON.
    pub async fn jobs(&self, filter: &JobFilter) -> Result<Vec<(i64, String, String)>, StoreError> {
        let mut conditions = Vec::new();
        let mut texts = Vec::new();
        let wanted = [
            ("tenant", &filter.tenant),
            ("provider", &filter.provider),
            ("state", &filter.state),
            ("kind", &filter.kind),
            ("mint", &filter.mint),
        ];
        for (column, value) in wanted {
            if let Some(value) = value {
                texts.push(value.clone());
                conditions.push(format!("{column} = ${}", texts.len()));
            }
        }
        let mut next = texts.len();
        if filter.after.is_some() {
            let (slot, address) = (next.saturating_add(1), next.saturating_add(2));
            conditions.push(format!("(posted_slot < ${slot} OR (posted_slot = ${slot} AND address < ${address}))"));
            next = address;
        }
        let condition =
            if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
        let limit = next.saturating_add(1);
        let sql = format!(
            "SELECT posted_slot, address, record FROM jobs {condition} ORDER BY posted_slot DESC, address DESC LIMIT ${limit}"
        );
        // Only column names and numbers of parameters are put together.
        let mut query = sqlx::query_as(AssertSqlSafe(sql));
        for text in texts {
            query = query.bind(text);
        }
        if let Some((slot, address)) = &filter.after {
            query = query.bind(*slot).bind(address.clone());
        }
        Ok(query.bind(filter.limit).fetch_all(&self.pool).await?)
    }

    /// Events in order of their sequence.
    pub async fn events(&self, filter: &EventFilter) -> Result<Vec<StoredEvent>, StoreError> {
        let mut binds: Vec<Bind> = Vec::new();
        let mut place = |bind: Bind| {
            binds.push(bind);
            format!("${}", binds.len())
        };
        let mut conditions = Vec::new();
        if !filter.accounts.is_empty() {
            let places: Vec<String> = filter.accounts.iter().map(|at| place(Bind::Text(at.clone()))).collect();
            let list = places.join(", ");
            conditions.push(format!("sequence IN (SELECT sequence FROM event_accounts WHERE account IN ({list}))"));
        }
        if let Some(name) = &filter.name {
            conditions.push(format!("name = {}", place(Bind::Text(name.clone()))));
        }
        let (order, comparison) = if filter.ascending { ("ASC", ">") } else { ("DESC", "<") };
        if let Some(after) = filter.after {
            conditions.push(format!("sequence {comparison} {}", place(Bind::Number(after))));
        }
        let condition =
            if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
        let limit = place(Bind::Number(filter.limit));
        let sql = format!(
            "SELECT sequence, slot, signature, position, program, name, at, data FROM events {condition} \
             ORDER BY sequence {order} LIMIT {limit}"
        );
        // Only fixed words and numbers of parameters are put together.
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for bind in binds {
            query = bind.to(query);
        }
        query.fetch_all(&self.pool).await?.iter().map(stored_event).collect()
    }

    /// Events after a sequence, in order, for streams that resume and for comparison.
    pub async fn dump_events(&self) -> Result<Vec<StoredEvent>, StoreError> {
        let filter = EventFilter { ascending: true, limit: i64::MAX, ..EventFilter::default() };
        self.events(&filter).await
    }

    /// Every row of every derived table, for comparison with another index.
    pub async fn dump(&self) -> Result<Vec<String>, StoreError> {
        let mut lines: Vec<String> = self.dump_events().await?.iter().map(|event| format!("{event:?}")).collect();
        let accounts: Vec<(String, i64)> =
            sqlx::query_as("SELECT account, sequence FROM event_accounts ORDER BY account, sequence")
                .fetch_all(&self.pool)
                .await?;
        lines.extend(accounts.iter().map(|row| format!("account {row:?}")));
        let terms: Vec<(String, i64, i64, Vec<u8>)> =
            sqlx::query_as("SELECT account, sequence, is_array, data FROM terms ORDER BY account, sequence")
                .fetch_all(&self.pool)
                .await?;
        lines.extend(terms.iter().map(|row| format!("terms {row:?}")));
        let claims: Vec<(String, i64, Vec<u8>)> =
            sqlx::query_as("SELECT receipt_hash, sequence, signature FROM claims ORDER BY receipt_hash, sequence")
                .fetch_all(&self.pool)
                .await?;
        lines.extend(claims.iter().map(|row| format!("claim {row:?}")));
        let matches: Vec<(i64, i64, String, String, String)> =
            sqlx::query_as("SELECT sequence, at, job, provider, price FROM matches ORDER BY sequence")
                .fetch_all(&self.pool)
                .await?;
        lines.extend(matches.iter().map(|row| format!("match {row:?}")));
        let jobs: Vec<(String, String)> =
            sqlx::query_as("SELECT address, record FROM jobs ORDER BY address").fetch_all(&self.pool).await?;
        lines.extend(jobs.iter().map(|row| format!("job {row:?}")));
        Ok(lines)
    }

    /// Which job each round judges, as the openings say.
    pub async fn round_jobs(&self) -> Result<Vec<(Address, Address)>, StoreError> {
        let rows: Vec<(Vec<u8>,)> = sqlx::query_as("SELECT data FROM events WHERE name = $1 ORDER BY sequence")
            .bind("RoundOpened")
            .fetch_all(&self.pool)
            .await?;
        let opened = rows.into_iter().filter_map(|(data,)| proofmill_client::arbiter::RoundOpened::decode(&data).ok());
        Ok(opened.map(|opened| (opened.round, opened.job)).collect())
    }

    /// Prices of matches in a mint: time, provider, price. The newest first, at most `limit`.
    pub async fn matches(
        &self,
        mint: &str,
        from: i64,
        to: i64,
        limit: i64,
    ) -> Result<Vec<(i64, String, u64)>, StoreError> {
        let rows: Vec<(i64, String, String)> = sqlx::query_as(
            "SELECT m.at, m.provider, m.price FROM matches m JOIN jobs j ON j.address = m.job \
             WHERE j.mint = $1 AND m.at >= $2 AND m.at < $3 ORDER BY m.at DESC LIMIT $4",
        )
        .bind(mint)
        .bind(from)
        .bind(to)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().filter_map(|(at, provider, price)| Some((at, provider, price.parse().ok()?))).collect())
    }

    /// Number of events held.
    pub async fn event_count(&self) -> Result<i64, StoreError> {
        let (count,): (i64,) = sqlx::query_as("SELECT COUNT(*) FROM events").fetch_one(&self.pool).await?;
        Ok(count)
    }
}

enum Bind {
    Text(String),
    Number(i64),
}

type Arguments = <Any as sqlx::Database>::Arguments;

impl Bind {
    fn to<'q>(self, query: Query<'q, Any, Arguments>) -> Query<'q, Any, Arguments> {
        match self {
            Self::Text(text) => query.bind(text),
            Self::Number(number) => query.bind(number),
        }
    }
}

fn stored_event(row: &AnyRow) -> Result<StoredEvent, StoreError> {
    let code: i64 = row.try_get(4)?;
    let program = u8::try_from(code)
        .ok()
        .and_then(Program::from_code)
        .ok_or_else(|| StoreError::Undecodable { what: format!("an event of program {code}") })?;
    Ok(StoredEvent {
        sequence: row.try_get(0)?,
        slot: row.try_get::<i64, _>(1)?.unsigned_abs(),
        signature: row.try_get(2)?,
        index: u32::try_from(row.try_get::<i64, _>(3)?).unwrap_or(u32::MAX),
        program,
        name: row.try_get(5)?,
        at: row.try_get(6)?,
        data: row.try_get(7)?,
    })
}

/// Slots are far below 2^63.
fn signed(slot: u64) -> i64 {
    i64::try_from(slot).unwrap_or(i64::MAX)
}

/// The job that an event is about.
pub fn job_of(event: &Event) -> Option<Address> {
    Some(match event {
        Event::TaskIssued(event) => event.job,
        Event::JobPosted(event) => event.job,
        Event::JobMatched(event) => event.job,
        Event::JobStarted(event) => event.job,
        Event::ProofSubmitted(event) => event.job,
        Event::UsageAccepted(event) => event.job,
        Event::StreamClaimed(event) => event.job,
        Event::JobToppedUp(event) => event.job,
        Event::JobPaused(event) => event.job,
        Event::JobResumed(event) => event.job,
        Event::ServiceStopped(event) => event.job,
        Event::JobReopened(event) => event.job,
        Event::JobSettled(event) => event.job,
        Event::RewardClaimed(event) => event.job,
        Event::RefundClaimed(event) => event.job,
        Event::FeesSwept(event) => event.job,
        Event::SlaClaimed(event) => event.job,
        Event::JobClosed(event) => event.job,
        Event::BidPlaced(event) => event.job,
        _ => return None,
    })
}

/// Takes out everything known of a slot; returns the jobs it was about.
async fn clear_slot(connection: &mut AnyConnection, slot: u64) -> Result<Vec<Address>, StoreError> {
    let slot = signed(slot);
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as("SELECT data FROM events WHERE slot = $1 AND program = $2")
        .bind(slot)
        .bind(i64::from(Program::Market.code()))
        .fetch_all(&mut *connection)
        .await?;
    let jobs = rows.iter().filter_map(|(data,)| job_of(&market::decode_event(data)?)).collect();
    let first = crate::index::block::first_sequence(slot.unsigned_abs());
    let behind = crate::index::block::first_sequence(slot.unsigned_abs().saturating_add(1));
    for sql in [
        "DELETE FROM event_accounts WHERE sequence >= $1 AND sequence < $2",
        "DELETE FROM events WHERE sequence >= $1 AND sequence < $2",
        "DELETE FROM matches WHERE sequence >= $1 AND sequence < $2",
    ] {
        sqlx::query(sql).bind(first).bind(behind).execute(&mut *connection).await?;
    }
    for sql in
        ["DELETE FROM terms WHERE slot = $1", "DELETE FROM claims WHERE slot = $1", "DELETE FROM slots WHERE slot = $1"]
    {
        sqlx::query(sql).bind(slot).execute(&mut *connection).await?;
    }
    Ok(jobs)
}

async fn insert(
    connection: &mut AnyConnection,
    change: &Changes,
    jobs: &mut BTreeSet<Address>,
) -> Result<(), StoreError> {
    for event in &change.events {
        sqlx::query(
            "INSERT INTO events (sequence, slot, signature, position, program, name, at, data) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (sequence) DO NOTHING",
        )
        .bind(event.sequence)
        .bind(signed(event.slot))
        .bind(event.signature.to_string())
        .bind(i64::from(event.index))
        .bind(i64::from(event.program.code()))
        .bind(event.name.clone())
        .bind(event.at)
        .bind(event.data.clone())
        .execute(&mut *connection)
        .await?;
        for address in &event.addresses {
            sqlx::query(
                "INSERT INTO event_accounts (account, sequence) VALUES ($1, $2) ON CONFLICT (account, sequence) DO NOTHING",
            )
            .bind(address.to_string())
            .bind(event.sequence)
            .execute(&mut *connection)
            .await?;
        }
        if event.program != Program::Market {
            continue;
        }
        let Some(decoded) = market::decode_event(&event.data) else { continue };
        jobs.extend(job_of(&decoded));
        if let Event::JobMatched(matched) = decoded {
            sqlx::query(
                "INSERT INTO matches (sequence, slot, at, job, provider, price) VALUES ($1, $2, $3, $4, $5, $6) \
                 ON CONFLICT (sequence) DO NOTHING",
            )
            .bind(event.sequence)
            .bind(signed(event.slot))
            .bind(event.at.unwrap_or(0))
            .bind(matched.job.to_string())
            .bind(matched.provider.to_string())
            .bind(matched.price_per_second.to_string())
            .execute(&mut *connection)
            .await?;
        }
    }
    for terms in &change.terms {
        sqlx::query(
            "INSERT INTO terms (account, sequence, slot, is_array, data) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (account, sequence) DO NOTHING",
        )
        .bind(terms.account.to_string())
        .bind(terms.sequence)
        .bind(signed(terms.slot))
        .bind(i64::from(terms.array))
        .bind(terms.data.clone())
        .execute(&mut *connection)
        .await?;
    }
    for claim in &change.claims {
        sqlx::query(
            "INSERT INTO claims (receipt_hash, sequence, slot, signature, exit_code, termination) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (receipt_hash, sequence) DO NOTHING",
        )
        .bind(hex::encode(claim.receipt_hash.0))
        .bind(claim.sequence)
        .bind(signed(claim.slot))
        .bind(claim.signature.to_vec())
        .bind(i64::from(claim.exit_code))
        .bind(i64::from(claim.termination))
        .execute(&mut *connection)
        .await?;
    }
    if !change.signatures.is_empty() {
        let signatures: Vec<String> = change.signatures.iter().map(Signature::to_string).collect();
        sqlx::query("INSERT INTO slots (slot, signatures) VALUES ($1, $2) ON CONFLICT (slot) DO NOTHING")
            .bind(signed(change.slot))
            .bind(signatures.join(" "))
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
