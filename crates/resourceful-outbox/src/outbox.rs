//! [`Outbox`]: enqueues jobs in a transaction.

use std::time::Duration;

use resourceful::{Error, Result};
use resourceful_db::{Db, DbError, Tx};

use crate::backlog::Backlog;
use crate::job::Job;
use crate::job_id::JobId;
use crate::table::Table;

/// Longest data of a job as JSON, in bytes: a worker reads several at once.
const MAX_PAYLOAD_SIZE: usize = 256 * 1024;

/// Jobs in the tables `outbox_job` and `outbox_schedule` of an SQLite or PostgreSQL database. A clone is the same outbox.
///
/// # Examples
/// See the [crate](crate).
#[derive(Clone, Debug)]
pub struct Outbox {
    table: Table,
}

impl Outbox {
    /// Creates the tables if they are missing.
    ///
    /// # Errors
    /// If the database cannot be reached, or the user may not create tables.
    pub async fn new(db: Db) -> Result<Self, DbError> {
        Ok(Self {
            table: Table::create(db).await?,
        })
    }

    /// Enqueues a job in this transaction: a worker does it when the transaction is committed, and nobody does it if it is
    /// rolled back.
    ///
    /// # Errors
    /// If the database refuses it, or the job has more than 256 KiB as JSON (500).
    pub async fn enqueue<J: Job>(&self, tx: &Tx, job: &J) -> Result<JobId> {
        self.enqueue_after(tx, job, Duration::ZERO).await
    }

    /// As [`enqueue`](Self::enqueue), for a worker that does it after this time, or later.
    ///
    /// # Errors
    /// As [`enqueue`](Self::enqueue).
    pub async fn enqueue_after<J: Job>(&self, tx: &Tx, job: &J, delay: Duration) -> Result<JobId> {
        let payload = payload(job)?;
        Ok(self.table.insert(tx, J::NAME, payload, delay).await?)
    }

    /// Cancels a job, also a dead letter: when this transaction is committed, no worker claims the job any more. Returns
    /// `false` if there is none, because it is done or was cancelled.
    ///
    /// A worker may have claimed the job before. With [`InTransaction`](crate::InTransaction), this waits for the end of its
    /// attempt, at most for `max_transaction_time`: cancel before you change rows that the job changes, too, else the
    /// database ends one of the two transactions. With [`Elsewhere`](crate::Elsewhere), the attempt is stopped when it renews
    /// its lease, usually within a third of it, and its effect may have happened.
    ///
    /// # Errors
    /// If the database refuses it, or cannot be reached.
    ///
    /// # Examples
    /// ```
    /// use resourceful_outbox::{JobId, Outbox};
    ///
    /// /// `reminder` is a column of the order, which has the number of the job.
    /// async fn cancel_reminder(outbox: &Outbox, tx: &resourceful_db::Tx, reminder: i64) -> resourceful::Result<()> {
    ///     outbox.cancel(tx, JobId::from(reminder)).await?;
    ///     Ok(())
    /// }
    /// ```
    pub async fn cancel(&self, tx: &Tx, id: JobId) -> Result<bool, DbError> {
        self.table.cancel(tx, id).await
    }

    /// Counts the jobs that wait.
    ///
    /// # Errors
    /// If the database cannot be reached.
    ///
    /// # Examples
    /// ```
    /// # async fn is_late(outbox: &resourceful_outbox::Outbox) -> Result<bool, resourceful_db::DbError> {
    /// let backlog = outbox.backlog().await?;
    /// Ok(backlog.delay > std::time::Duration::from_secs(60))
    /// # }
    /// ```
    pub async fn backlog(&self) -> Result<Backlog, DbError> {
        self.table.backlog().await
    }

    pub(crate) fn table(&self) -> &Table {
        &self.table
    }
}

/// The data of a job as it is stored.
pub(crate) fn payload<J: Job>(job: &J) -> Result<String> {
    let payload = serde_json::to_string(job).map_err(Error::internal)?;
    if payload.len() > MAX_PAYLOAD_SIZE {
        return Err(Error::internal(format!(
            "the data of a job has at most {MAX_PAYLOAD_SIZE} bytes, and that of `{}` has {}: store it elsewhere, and \
             enqueue its id",
            J::NAME,
            payload.len()
        )));
    }
    Ok(payload)
}
