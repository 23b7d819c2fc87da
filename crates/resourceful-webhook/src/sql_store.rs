//! Deliveries in a table.
//!
//! Each operation is one statement that commits itself. There is no transaction, which would stay
//! open on its connection when a request is dropped between its statements.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use resourceful::{Error, Result};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement, Value};

use crate::deliveries::{Begin, Deliveries, LEASE, Lease, RETENTION};

/// How often old ids are removed.
const CLEANING: Duration = Duration::from_secs(60 * 60);

/// The deliveries of seven days in the table `webhook_delivery` of an SQLite or PostgreSQL
/// database: for any number of processes, and for longer than they live. `C` is SeaORM's
/// connection, or what stands in front of it.
///
/// # Examples
/// ```no_run
/// use resourceful_webhook::SqlDeliveries;
///
/// # async fn example(database: sea_orm::DatabaseConnection) -> Result<(), sea_orm::DbErr> {
/// let deliveries = SqlDeliveries::new(database).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqlDeliveries<C = DatabaseConnection> {
    database: C,
    /// When old ids were removed last, in seconds since 1970.
    cleaned_at: AtomicI64,
}

impl<C: ConnectionTrait> SqlDeliveries<C> {
    /// Makes the table where it is not there, and adds the column `lease` to one of an older version.
    ///
    /// # Errors
    /// When the database cannot be reached or is not ours to change.
    ///
    /// # Examples
    /// See [`SqlDeliveries`].
    pub async fn new(database: C) -> Result<Self, DbErr> {
        let table = "CREATE TABLE IF NOT EXISTS webhook_delivery (id text PRIMARY KEY, \
                     begun_at bigint NOT NULL, finished boolean NOT NULL, \
                     lease bigint NOT NULL DEFAULT 0)";
        // Of two who make a table at the same time PostgreSQL refuses one, `IF NOT EXISTS` or
        // not; the second time it is there.
        if database.execute_unprepared(table).await.is_err() {
            database.execute_unprepared(table).await?;
        }
        let lease = "SELECT lease FROM webhook_delivery WHERE false";
        if database.execute_unprepared(lease).await.is_err() {
            let add = "ALTER TABLE webhook_delivery ADD COLUMN lease bigint NOT NULL DEFAULT 0";
            // Another process may add it at the same time; then it is there.
            if let Err(error) = database.execute_unprepared(add).await {
                database
                    .execute_unprepared(lease)
                    .await
                    .map_err(|_| error)?;
            }
        }
        Ok(Self {
            database,
            cleaned_at: AtomicI64::new(0),
        })
    }

    /// How many rows the statement changed.
    async fn execute(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        let backend = self.database.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let outcome = self.database.execute_raw(statement).await.map_err(away)?;
        Ok(outcome.rows_affected())
    }

    async fn clean(&self, now: i64) -> Result<()> {
        let last = self.cleaned_at.load(Ordering::Relaxed);
        let is_due = now - last >= seconds(CLEANING);
        let is_mine = is_due
            && self
                .cleaned_at
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_mine {
            let oldest = now - seconds(RETENTION);
            self.execute(
                "DELETE FROM webhook_delivery WHERE begun_at < $1",
                [oldest.into()],
            )
            .await?;
        }
        Ok(())
    }
}

#[async_trait]
impl<C: ConnectionTrait + Debug + Send + 'static> Deliveries for SqlDeliveries<C> {
    async fn begin(&self, id: &str) -> Result<Begin> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = seconds(now.unwrap_or_default());
        if let Err(error) = self.clean(now).await {
            tracing::warn!(
                error = error.to_string(),
                "old deliveries could not be removed"
            );
        }
        // One statement, so that the database decides between two who ask at the same time.
        let begin = "INSERT INTO webhook_delivery (id, begun_at, finished, lease) \
                     VALUES ($1, $2, $3, $5) ON CONFLICT (id) \
                     DO UPDATE SET begun_at = excluded.begun_at, lease = excluded.lease \
                     WHERE webhook_delivery.finished = $3 AND webhook_delivery.begun_at < $4";
        let dead = now - seconds(LEASE);
        let lease = Lease::unique();
        let token = lease.token().into();
        let values = [id.into(), now.into(), false.into(), dead.into(), token];
        if self.execute(begin, values).await? == 1 {
            return Ok(Begin::Mine(lease));
        }
        let done = "SELECT 1 FROM webhook_delivery WHERE id = $1 AND finished = $2";
        let backend = self.database.get_database_backend();
        let done = Statement::from_sql_and_values(backend, done, [id.into(), true.into()]);
        let done = self.database.query_one_raw(done).await.map_err(away)?;
        Ok(if done.is_some() {
            Begin::Done
        } else {
            Begin::Busy
        })
    }

    async fn finish(&self, id: &str, lease: Lease) -> Result<()> {
        let finish = "UPDATE webhook_delivery SET finished = $1 WHERE id = $2 AND lease = $3";
        let values = [true.into(), id.into(), lease.token().into()];
        self.execute(finish, values).await?;
        Ok(())
    }

    async fn abandon(&self, id: &str, lease: Lease) -> Result<()> {
        let abandon = "DELETE FROM webhook_delivery \
                       WHERE id = $1 AND lease = $2 AND finished = $3";
        let values = [id.into(), lease.token().into(), false.into()];
        self.execute(abandon, values).await?;
        Ok(())
    }
}

fn away(error: DbErr) -> Error {
    Error::unavailable(Duration::from_secs(5)).with_source(error)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
