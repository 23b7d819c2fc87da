//! The thread that writes.
//!
//! SQLite has one writer at a time. All writes of this process go through one connection, so they wait here and
//! not for a lock. Single statements that wait share a commit: each has a savepoint of its own, and all get
//! their results after the one `COMMIT`, which is what costs: it waits for the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use tokio::sync::oneshot;

use crate::error::DbError;
use crate::sqlite::connection::Connection;

/// Statements that share a commit at most.
const BATCH: usize = 64;

/// A job for this thread.
pub(crate) enum WriterJob {
    /// A statement that is a transaction of its own.
    Shared(Box<dyn SharedJob>),
    /// A transaction, statement by statement.
    Transaction {
        statements: Receiver<TransactionJob>,
        max_time: Duration,
    },
    /// Work outside of transactions.
    Alone(Box<dyn FnOnce(&Connection) + Send>),
    /// The last job. The sender is dropped when the connection is closed.
    Close(oneshot::Sender<()>),
}

/// A statement, or the end of the transaction. It gets an error if the transaction is not open.
pub(crate) type TransactionJob = Box<dyn FnOnce(Result<&Connection, DbError>) + Send>;

/// A job that shares a commit.
pub(crate) trait SharedJob: Send {
    /// Whether somebody still waits for it.
    fn start(&self) -> bool;

    /// Runs the job and keeps its result until the commit. `false`: it has failed, and must be undone.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Sends the result of the job, or the error of the commit.
    fn finish(self: Box<Self>, commit: Result<(), DbError>);
}

/// Why [`run`] has ended.
pub(crate) enum End {
    /// Nobody can send jobs any more, or somebody waits for the end.
    Closed(Option<oneshot::Sender<()>>),
    /// A transaction did not end. Closing the connection ends it.
    Broken,
}

/// Runs jobs, one after the other.
pub(crate) fn run(connection: &Connection, jobs: &Receiver<WriterJob>) -> End {
    let mut next = None;
    while let Some(job) = next.take().or_else(|| jobs.recv().ok()) {
        match job {
            WriterJob::Shared(first) => next = share_commit(connection, first, jobs),
            WriterJob::Transaction {
                statements,
                max_time,
            } => transaction(connection, &statements, max_time),
            WriterJob::Alone(work) => contained(|| work(connection)),
            WriterJob::Close(closed) => return End::Closed(Some(closed)),
        }
        if let Err(error) = connection.roll_back() {
            tracing::error!(error = error.to_string(), "cannot end a transaction");
            return End::Broken;
        }
    }
    End::Closed(None)
}

/// Reads rows into types of users, whose code may panic. Whoever waits gets an error, since its sender is gone.
pub(crate) fn contained(job: impl FnOnce()) {
    if catch_unwind(AssertUnwindSafe(job)).is_err() {
        tracing::error!("reading the result of a statement panicked");
    }
}

/// Runs `first` and those that wait behind it, up to a job of another kind, which is returned.
fn share_commit(
    connection: &Connection,
    first: Box<dyn SharedJob>,
    jobs: &Receiver<WriterJob>,
) -> Option<WriterJob> {
    let mut waiting = Some(first);
    let mut done: Vec<Box<dyn SharedJob>> = Vec::new();
    let mut other = None;
    let begun = connection.control("BEGIN IMMEDIATE");
    while let Some(mut job) = waiting.take() {
        if job.start() {
            match &begun {
                Ok(()) => {
                    let kept = run_in_savepoint(connection, &mut job);
                    if connection.is_autocommit() {
                        // SQLite has rolled everything back, for example since the disk is full
                        // (<https://www.sqlite.org/lang_transaction.html>).
                        done.push(job);
                        break;
                    }
                    match kept {
                        Ok(()) => done.push(job),
                        Err(error) => job.finish(error),
                    }
                }
                Err(error) => job.finish(Err(error.clone())),
            }
        }
        if done.len() < BATCH {
            match jobs.try_recv() {
                Ok(WriterJob::Shared(job)) => waiting = Some(job),
                Ok(job) => other = Some(job),
                Err(_) => {}
            }
        }
    }
    if begun.is_ok() {
        let committed = if connection.is_autocommit() {
            Err(ended())
        } else {
            connection.control("COMMIT")
        };
        for job in done {
            job.finish(committed.clone());
        }
    }
    other
}

/// Runs a job so that its failure undoes this job alone.
///
/// # Errors
/// The job has failed and was undone. It already has its own error if the inner result is `Ok`.
fn run_in_savepoint(
    connection: &Connection,
    job: &mut Box<dyn SharedJob>,
) -> Result<(), Result<(), DbError>> {
    connection.control("SAVEPOINT job").map_err(Err)?;
    let kept = catch_unwind(AssertUnwindSafe(|| job.run(connection)));
    let kept = kept.map_err(|_| Err(DbError::other("reading the result panicked")));
    let undone = !matches!(kept, Ok(true));
    if undone && !connection.is_autocommit() {
        connection.control("ROLLBACK TO job").map_err(Err)?;
    }
    if !connection.is_autocommit() {
        connection.control("RELEASE job").map_err(Err)?;
    }
    match kept {
        Ok(true) => Ok(()),
        Ok(false) => Err(Ok(())),
        Err(panicked) => Err(panicked),
    }
}

/// Runs the statements of one transaction until it is committed, dropped or too old.
fn transaction(connection: &Connection, statements: &Receiver<TransactionJob>, max_time: Duration) {
    let deadline = Instant::now() + max_time;
    let begun = connection.control("BEGIN IMMEDIATE");
    loop {
        match statements.recv_deadline(deadline) {
            Ok(statement) => contained(|| {
                statement(match &begun {
                    // SQLite may have ended it, and the statement must not be committed on its own.
                    Ok(()) if connection.is_autocommit() => Err(ended()),
                    Ok(()) => Ok(connection),
                    Err(error) => Err(error.clone()),
                });
            }),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!(
                    limit = ?max_time,
                    "a transaction took too long and was rolled back"
                );
                break;
            }
        }
    }
}

fn ended() -> DbError {
    DbError::unavailable("the database has ended the transaction")
}
