//! [`SqlDeliveryStore`]: a delivery store in an SQL table.
//!
//! Each operation is one auto-committed statement, so a request that is dropped leaves nothing
//! half-written, whatever the connection does with open transactions.

use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use resourceful::{Error, Result};
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};

use crate::delivery_store::{Claim, DeliveryStore, LEASE, Lease, RETENTION};

/// Interval for removing old ids.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Remembers the deliveries of seven days in the table `webhook_delivery` of an SQLite or
/// PostgreSQL database, for any number of processes and across restarts. `C` is the `Db` of
/// resourceful-db, or another connection of SeaORM's.
///
/// # Examples
/// ```
/// use resourceful_db::{Db, DbError};
/// use resourceful_webhook::SqlDeliveryStore;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), DbError> {
/// let db = Db::connect("sqlite::memory:").await?;
/// let store = SqlDeliveryStore::new(db).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SqlDeliveryStore<C> {
    database: C,
    /// Unix time of the last removal of old ids.
    cleaned_at: AtomicI64,
}

impl<C: ConnectionTrait> SqlDeliveryStore<C> {
    /// Creates the table if it is missing, and adds the column `lease` to a table of an older
    /// version.
    ///
    /// # Errors
    /// If the database cannot be reached, or the user may not create tables.
    ///
    /// # Examples
    /// See [`SqlDeliveryStore`].
    pub async fn new(database: C) -> Result<Self, DbErr> {
        let table = "CREATE TABLE IF NOT EXISTS webhook_delivery (id text PRIMARY KEY, \
                     begun_at bigint NOT NULL, finished boolean NOT NULL, \
                     lease bigint NOT NULL DEFAULT 0)";
        // If two processes create the table at the same time, PostgreSQL refuses one of them even
        // with `IF NOT EXISTS`. A second attempt finds the table.
        if database.execute_unprepared(table).await.is_err() {
            database.execute_unprepared(table).await?;
        }
        let lease = "SELECT lease FROM webhook_delivery WHERE false";
        if database.execute_unprepared(lease).await.is_err() {
            let add = "ALTER TABLE webhook_delivery ADD COLUMN lease bigint NOT NULL DEFAULT 0";
            // Another process may have added the column at the same time.
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

    /// Executes a statement and returns the number of changed rows.
    async fn execute(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Result<u64> {
        let backend = self.database.get_database_backend();
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let result = self
            .database
            .execute_raw(statement)
            .await
            .map_err(unavailable)?;
        Ok(result.rows_affected())
    }

    async fn remove_old_ids(&self, now: i64) -> Result<()> {
        let last = self.cleaned_at.load(Ordering::Relaxed);
        let is_due = now - last >= seconds(CLEANUP_INTERVAL);
        let is_ours = is_due
            && self
                .cleaned_at
                .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if is_ours {
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
impl<C: ConnectionTrait + Debug + Send + 'static> DeliveryStore for SqlDeliveryStore<C> {
    async fn claim(&self, id: &str) -> Result<Claim> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = seconds(now.unwrap_or_default());
        if let Err(error) = self.remove_old_ids(now).await {
            tracing::warn!(
                error = error.to_string(),
                "old deliveries could not be removed"
            );
        }
        // One statement, so that the database decides between concurrent callers.
        let claim = "INSERT INTO webhook_delivery (id, begun_at, finished, lease) \
                     VALUES ($1, $2, $3, $5) ON CONFLICT (id) \
                     DO UPDATE SET begun_at = excluded.begun_at, lease = excluded.lease \
                     WHERE webhook_delivery.finished = $3 AND webhook_delivery.begun_at < $4";
        let expired = now - seconds(LEASE);
        let lease = Lease::unique();
        let token = lease.token().into();
        let values = [id.into(), now.into(), false.into(), expired.into(), token];
        if self.execute(claim, values).await? == 1 {
            return Ok(Claim::Acquired(lease));
        }
        let processed = "SELECT 1 FROM webhook_delivery WHERE id = $1 AND finished = $2";
        let backend = self.database.get_database_backend();
        let processed =
            Statement::from_sql_and_values(backend, processed, [id.into(), true.into()]);
        let processed = self
            .database
            .query_one_raw(processed)
            .await
            .map_err(unavailable)?;
        Ok(if processed.is_some() {
            Claim::Processed
        } else {
            Claim::InProgress
        })
    }

    async fn complete(&self, id: &str, lease: Lease) -> Result<()> {
        let complete = "UPDATE webhook_delivery SET finished = $1 WHERE id = $2 AND lease = $3";
        let values = [true.into(), id.into(), lease.token().into()];
        self.execute(complete, values).await?;
        Ok(())
    }

    async fn release(&self, id: &str, lease: Lease) -> Result<()> {
        let release = "DELETE FROM webhook_delivery \
                       WHERE id = $1 AND lease = $2 AND finished = $3";
        let values = [id.into(), lease.token().into(), false.into()];
        self.execute(release, values).await?;
        Ok(())
    }
}

fn unavailable(error: DbErr) -> Error {
    Error::unavailable(Duration::from_secs(5)).with_source(error)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
