//! [`SqlIdempotency`]: responses in the transactions of the actions.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use resourceful::hidden::Attempt;
use resourceful::{Error, Result};
use resourceful_db::hidden::{RequestTx, create_missing};
use resourceful_db::{Db, DbError, Tx};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use crate::RETENTION;
use crate::idempotency::still_runs;
use crate::record::{Record, RecordId};
use crate::store::{Begun, Claim, IdempotencyStore};

/// Interval for the removal of expired responses.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Responses that are removed by one statement.
const CLEANUP_BATCH: u64 = 1000;

/// Responses in the table `idempotency_key` of an SQLite or PostgreSQL database, for any number of processes.
///
/// A response is written in the transaction of its action: both are there, or none of them, whatever happens to the
/// process. So an action has its effect on this database exactly once. The effect must be in that transaction. The hooks
/// and actions of a `ModelResource` are. A hook by hand calls [`Db::begin_for`], and commits, also if there is nothing to
/// change: without a commit the request gets 500.
///
/// The whole hook is in the transaction, which holds a connection and ends after `max_transaction_time` (10 s). All
/// statements of the hook should go through it: one by the `Db` needs a second connection, and does not see what the hook
/// has written. On SQLite other writers wait for its end, so the hook should call no other service, and a write by the
/// `Db` would wait for the hook itself. `MAX_CONCURRENT_REQUESTS` of the resource bounds the number of such transactions.
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
             (id text PRIMARY KEY, expires_at bigint NOT NULL, record {bytes} NOT NULL)"
        );
        let index = "CREATE INDEX IF NOT EXISTS idempotency_key_expires_at \
                     ON idempotency_key (expires_at)";
        let relations = [
            ("idempotency_key", &*table),
            ("idempotency_key_expires_at", index),
        ];
        create_missing(&db, &relations).await?;
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

    /// Removes expired responses once an hour, beside the requests.
    fn remove_expired(&self) {
        let (now, last) = (unix_time(), self.cleaned_at.load(Ordering::Relaxed));
        let is_due = now - last >= seconds(CLEANUP_INTERVAL);
        let exchanged = |last| {
            let cleaned_at = &self.cleaned_at;
            cleaned_at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
        };
        if is_due && exchanged(last).is_ok() {
            let db = self.db.clone();
            tokio::spawn(async move {
                if let Err(error) = remove_before(&db, now).await {
                    tracing::warn!(error = error.to_string(), "expired idempotency keys stay");
                }
            });
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

    /// The response that is kept.
    async fn kept(&self, db: &impl ConnectionTrait, id: &RecordId) -> Result<Option<Record>> {
        let select = "SELECT record FROM idempotency_key WHERE id = $1 AND expires_at > $2";
        let values = [id.to_hex().into(), unix_time().into()];
        let row = db.query_one_raw(statement(&self.db, select, values)).await;
        let Some(row) = row.map_err(DbError::from)? else {
            return Ok(None);
        };
        let bytes: Vec<u8> = row.try_get("", "record").map_err(DbError::from)?;
        let record = Record::from_bytes(&bytes);
        let damaged = || Error::internal("a record in `idempotency_key` is damaged");
        record.ok_or_else(damaged).map(Some)
    }
}

#[async_trait]
impl IdempotencyStore for SqlIdempotency {
    async fn begin(&self, id: &RecordId) -> Result<Begun> {
        if let Some(record) = self.kept(&self.db, id).await? {
            return Ok(Begun::Kept(record));
        }
        let Some(attempt) = RunningAttempt::begin(&self.running, id) else {
            return Ok(Begun::Running);
        };
        self.remove_expired();
        let tx = self.db.begin().await?;
        if !self.lock(&tx, id).await? {
            return Ok(Begun::Running);
        }
        // Another attempt may have ended meanwhile.
        if let Some(record) = self.kept(&tx, id).await? {
            tx.rollback().await?;
            return Ok(Begun::Kept(record));
        }
        Ok(Begun::New(Box::new(SqlClaim {
            tx,
            shared: None,
            attempt,
            expires_at: unix_time().saturating_add(seconds(self.retention)),
        })))
    }
}

/// The attempt that runs, with its transaction. Dropped, the transaction is rolled back.
struct SqlClaim {
    tx: Tx,
    /// The reference that the hook has.
    shared: Option<RequestTx>,
    attempt: RunningAttempt,
    expires_at: i64,
}

#[async_trait]
impl Claim for SqlClaim {
    fn share(&mut self, attempt: &Attempt) {
        self.shared = Some(RequestTx::share(&self.tx, attempt));
    }

    async fn keep(self: Box<Self>, record: Record) -> Result<()> {
        if let Err(error) = self.write(&record).await {
            self.release().await;
            return Err(error);
        }
        self.tx.commit().await?;
        if let Some(shared) = &self.shared {
            shared.committed();
        }
        Ok(())
    }

    async fn release(self: Box<Self>) {
        // Without a reply the database undoes it, too.
        let _ = self.tx.rollback().await;
    }
}

impl SqlClaim {
    /// Writes the record, after the effect of the hook.
    async fn write(&self, record: &Record) -> Result<()> {
        if let Some(shared) = &self.shared {
            let has_effect = shared.has_effect(&self.tx).await?;
            if !record.response().status().is_client_error() && !has_effect {
                return Err(Error::internal(
                    "a hook with `Idempotency-Key` committed nothing in its transaction: it calls `Db::begin_for` and \
                     commits, also if there is nothing to change",
                ));
            }
        }
        let insert = "INSERT INTO idempotency_key (id, expires_at, record) VALUES ($1, $2, $3) \
                      ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, \
                      record = excluded.record WHERE idempotency_key.expires_at <= $4";
        let values = [
            self.attempt.id.to_hex().into(),
            self.expires_at.into(),
            record.to_bytes().into(),
            unix_time().into(),
        ];
        let insert = statement(self.tx.db(), insert, values);
        let inserted = self.tx.execute_raw(insert).await.map_err(DbError::from)?;
        if inserted.rows_affected() == 0 {
            // Another attempt was faster.
            return Err(still_runs());
        }
        Ok(())
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

/// Removes what has expired, in parts: other writers come between.
async fn remove_before(db: &Db, now: i64) -> Result<(), DbError> {
    // The outer condition, too, is that of a row which an attempt has renewed meanwhile.
    let delete = "DELETE FROM idempotency_key WHERE expires_at <= $1 AND id IN \
                  (SELECT id FROM idempotency_key WHERE expires_at <= $1 LIMIT $2)";
    loop {
        let values = [now.into(), CLEANUP_BATCH.cast_signed().into()];
        let deleted = db.execute_raw(statement(db, delete, values)).await?;
        if deleted.rows_affected() < CLEANUP_BATCH {
            return Ok(());
        }
    }
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
