//! [`SqlIdempotency`]: responses in the transactions of the actions.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use resourceful::hidden::Attempt;
use resourceful::{Error, Result};
use resourceful_db::hidden::RequestTx;
use resourceful_db::{Db, DbError, Tx};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use crate::RETENTION;
use crate::record::{Record, RecordId};
use crate::store::{Begun, Claim, IdempotencyStore};

/// Interval for the removal of expired responses.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Responses in the table `idempotency_key` of an SQLite or PostgreSQL database, for any number of processes.
///
/// A response is written in the transaction of its action: both are there, or none of them, whatever happens to the
/// process. So an action has its effect on this database exactly once. Its effect must be in that transaction: hooks
/// of a `ModelResource` are, and a hook by hand begins it by [`Db::begin_for`]. A hook that changes nothing in it gets
/// 500.
///
/// The transaction is open while the hook runs. On SQLite other writers wait for its end, so a hook should not wait
/// for another server in it.
///
/// # Examples
/// See the [crate](crate).
#[derive(Debug)]
pub struct SqlIdempotency {
    db: Db,
    retention: Duration,
    /// The attempts that run in this process.
    running: RunningIds,
    /// Unix time of the last removal of expired responses.
    cleaned_at: AtomicI64,
}

type RunningIds = Arc<Mutex<HashSet<RecordId>>>;

impl SqlIdempotency {
    /// Creates the table if it is missing.
    ///
    /// # Errors
    /// If the database cannot be reached, or the user may not create tables.
    pub async fn new(db: Db) -> Result<Self, DbError> {
        let bytes = match db.backend() {
            DbBackend::Postgres => "bytea",
            _ => "blob",
        };
        let table = format!(
            "CREATE TABLE IF NOT EXISTS idempotency_key \
             (id text PRIMARY KEY, record {bytes} NOT NULL, expires_at bigint NOT NULL)"
        );
        // If two processes create the table at the same time, PostgreSQL refuses one of them even with
        // `IF NOT EXISTS`. A second attempt finds the table.
        if db.execute_unprepared(&table).await.is_err() {
            db.execute_unprepared(&table).await?;
        }
        Ok(Self {
            db,
            retention: RETENTION,
            running: RunningIds::default(),
            cleaned_at: AtomicI64::new(0),
        })
    }

    /// Sets how long responses are kept (default: 24 hours).
    #[must_use]
    pub fn with_retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    async fn remove_expired(&self) {
        let (now, last) = (unix_time(), self.cleaned_at.load(Ordering::Relaxed));
        let is_due = now - last >= seconds(CLEANUP_INTERVAL);
        let exchanged = |last| {
            self.cleaned_at
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
        };
        if is_due && exchanged(last).is_ok() {
            let delete = "DELETE FROM idempotency_key WHERE expires_at <= $1";
            let delete = statement(&self.db, delete, [now.into()]);
            if let Err(error) = self.db.execute_raw(delete).await {
                tracing::warn!(error = error.to_string(), "expired idempotency keys stay");
            }
        }
    }

    /// Whether this transaction is the only one for the key.
    async fn lock(&self, tx: &Tx, id: &RecordId) -> Result<bool> {
        if self.db.backend() != DbBackend::Postgres {
            // A transaction that writes is the only one.
            return Ok(true);
        }
        let lock = "SELECT pg_try_advisory_xact_lock($1) AS is_locked";
        let lock = statement(&self.db, lock, [id.number().into()]);
        let row = tx.query_one_raw(lock).await.map_err(DbError::from)?;
        let row = row.ok_or_else(|| Error::internal("a lock has no result"))?;
        Ok(row.try_get("", "is_locked").map_err(DbError::from)?)
    }
}

#[async_trait]
impl IdempotencyStore for SqlIdempotency {
    async fn begin(&self, id: &RecordId) -> Result<Begun> {
        let Some(attempt) = RunningAttempt::begin(&self.running, id) else {
            return Ok(Begun::Running);
        };
        self.remove_expired().await;
        let tx = self.db.begin().await?;
        if !self.lock(&tx, id).await? {
            return Ok(Begun::Running);
        }
        // A statement of its own: it sees what was committed before the lock.
        let select = "SELECT record, expires_at FROM idempotency_key WHERE id = $1";
        let select = statement(&self.db, select, [id.to_hex().into()]);
        if let Some(row) = tx.query_one_raw(select).await.map_err(DbError::from)? {
            let expires_at: i64 = row.try_get("", "expires_at").map_err(DbError::from)?;
            if expires_at > unix_time() {
                let bytes: Vec<u8> = row.try_get("", "record").map_err(DbError::from)?;
                let record = Record::from_bytes(&bytes);
                return record
                    .map(Begun::Kept)
                    .ok_or_else(|| Error::internal("a record in `idempotency_key` is damaged"));
            }
            let delete = "DELETE FROM idempotency_key WHERE id = $1";
            let delete = statement(&self.db, delete, [id.to_hex().into()]);
            tx.execute_raw(delete).await.map_err(DbError::from)?;
        }
        Ok(Begun::New(Box::new(SqlClaim {
            shared: RequestTx::new(&tx),
            tx,
            attempt,
            expires_at: unix_time().saturating_add(seconds(self.retention)),
        })))
    }
}

/// The attempt that runs, with its transaction. Dropped, the transaction is rolled back.
struct SqlClaim {
    tx: Tx,
    shared: RequestTx,
    attempt: RunningAttempt,
    expires_at: i64,
}

#[async_trait]
impl Claim for SqlClaim {
    fn share(&self, attempt: &Attempt) {
        attempt.set_transaction(self.shared.clone());
    }

    async fn keep(self: Box<Self>, record: Record) -> Result<()> {
        if record.response().status().is_success() && !self.shared.is_used() {
            return Err(Error::internal(
                "a hook with `Idempotency-Key` did nothing in its transaction: begin it by `Db::begin_for`",
            ));
        }
        let insert = "INSERT INTO idempotency_key (id, record, expires_at) VALUES ($1, $2, $3)";
        let id = self.attempt.id.to_hex();
        let values = [id.into(), record.to_bytes().into(), self.expires_at.into()];
        let insert = statement(self.tx.db(), insert, values);
        self.tx.execute_raw(insert).await.map_err(DbError::from)?;
        self.tx.commit().await?;
        self.shared.committed();
        Ok(())
    }

    async fn release(self: Box<Self>) {
        // Without a reply the database undoes it, too.
        let _ = self.tx.rollback().await;
    }
}

/// An attempt among those that run in this process, until it is dropped.
struct RunningAttempt {
    running: RunningIds,
    id: RecordId,
}

impl RunningAttempt {
    /// `None`: another attempt with this id runs.
    fn begin(running: &RunningIds, id: &RecordId) -> Option<Self> {
        lock(running).insert(id.clone()).then(|| Self {
            running: Arc::clone(running),
            id: id.clone(),
        })
    }
}

impl Drop for RunningAttempt {
    fn drop(&mut self) {
        lock(&self.running).remove(&self.id);
    }
}

fn lock(running: &Mutex<HashSet<RecordId>>) -> MutexGuard<'_, HashSet<RecordId>> {
    running.lock().unwrap_or_else(PoisonError::into_inner)
}

fn statement(db: &Db, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(db.backend(), sql, values)
}

fn unix_time() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    seconds(now.unwrap_or_default())
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
