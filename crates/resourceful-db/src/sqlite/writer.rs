//! The thread that writes.
//!
//! SQLite has one writer at a time. All writes of this process go through one connection, so they wait here and
//! not for a lock. Single statements that wait share a commit: each has a savepoint of its own, and all get
//! their results after the one `COMMIT`, which is what costs: it waits for the disk.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use tokio::sync::oneshot;

use crate::error::{DbError, DbErrorKind};
use crate::place::Place;
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
        kind: TransactionKind,
        place: Place,
    },
    /// Work outside of transactions.
    Alone(Box<dyn FnOnce(&Connection) + Send>),
    /// The last job. The sender is dropped when the connection is closed.
    Close(oneshot::Sender<()>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum TransactionKind {
    /// Is rolled back if it takes longer.
    Limited(Duration),
    /// Without limits of time. Foreign keys are not enforced, so that tables can be rebuilt.
    Migration,
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
                kind,
                place,
            } => {
                transaction(connection, &statements, kind);
                drop(place);
            }
            WriterJob::Alone(work) => work(connection),
            WriterJob::Close(closed) => return End::Closed(Some(closed)),
        }
        let clean = connection
            .roll_back()
            .and_then(|()| connection.enforce_limits());
        if let Err(error) = clean {
            tracing::error!(error = error.to_string(), "cannot end a transaction");
            return End::Broken;
        }
    }
    End::Closed(None)
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
    let mut taken = 0;
    let begun = connection.control("BEGIN IMMEDIATE");
    while let Some(mut job) = waiting.take() {
        taken += 1;
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
                        Ok(true) => done.push(job),
                        // It has an error of its own.
                        Ok(false) => job.finish(Ok(())),
                        Err(error) => job.finish(Err(error)),
                    }
                }
                Err(error) => job.finish(Err(error.clone())),
            }
        }
        if taken < BATCH {
            match jobs.try_recv() {
                Ok(WriterJob::Shared(job)) => waiting = Some(job),
                Ok(job) => other = Some(job),
                Err(_) => {}
            }
        }
    }
    if begun.is_ok() {
        commit(connection, done);
    }
    other
}

fn commit(connection: &Connection, done: Vec<Box<dyn SharedJob>>) {
    let committed = if connection.is_autocommit() {
        Err(ended())
    } else {
        connection.control("COMMIT")
    };
    let is_constraint = |error: &DbError| error.kind() == DbErrorKind::ForeignKey;
    match committed {
        // A constraint that is checked at the commit: one of the jobs is at fault, and the others are not.
        Err(error) if is_constraint(&error) && done.len() > 1 => {
            for job in done {
                commit_alone(connection, job);
            }
        }
        committed => {
            for job in done {
                job.finish(committed.clone());
            }
        }
    }
}

/// Runs a job again, in a transaction of its own.
fn commit_alone(connection: &Connection, mut job: Box<dyn SharedJob>) {
    let committed = connection.roll_back().and_then(|()| {
        connection.control("BEGIN IMMEDIATE")?;
        match job.run(connection) {
            true if connection.is_autocommit() => Err(ended()),
            true => connection.control("COMMIT"),
            false => connection.roll_back(),
        }
    });
    job.finish(committed);
}

/// Runs a job so that its failure undoes this job alone. `false`: it has failed.
fn run_in_savepoint(
    connection: &Connection,
    job: &mut Box<dyn SharedJob>,
) -> Result<bool, DbError> {
    connection.control("SAVEPOINT job")?;
    let kept = job.run(connection);
    if !connection.is_autocommit() {
        if !kept {
            connection.control("ROLLBACK TO job")?;
        }
        connection.control("RELEASE job")?;
    }
    Ok(kept)
}

/// Runs the statements of one transaction until it has ended, is dropped or too old.
fn transaction(
    connection: &Connection,
    statements: &Receiver<TransactionJob>,
    kind: TransactionKind,
) {
    let deadline = match kind {
        TransactionKind::Limited(time) => Instant::now().checked_add(time),
        TransactionKind::Migration => None,
    };
    let begun = match kind {
        TransactionKind::Limited(_) => Ok(()),
        TransactionKind::Migration => connection.lift_limits(),
    };
    let begun = begun.and_then(|()| connection.control("BEGIN IMMEDIATE"));
    loop {
        let next = match deadline {
            Some(deadline) => statements.recv_deadline(deadline),
            None => statements.recv().map_err(RecvTimeoutError::from),
        };
        match next {
            Ok(statement) => statement(match &begun {
                Ok(()) => Ok(connection),
                Err(error) => Err(error.clone()),
            }),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                tracing::warn!(limit = ?kind, "a transaction took too long and was rolled back");
                break;
            }
        }
        // Committed, or SQLite has ended it: another statement would be committed on its own.
        if begun.is_ok() && connection.is_autocommit() {
            break;
        }
    }
}

fn ended() -> DbError {
    DbError::unavailable("the database has ended the transaction")
}
