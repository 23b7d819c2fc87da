//! A transaction on the thread that writes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::error::DbError;
use crate::place::Place;
use crate::sqlite::connection::Connection;
use crate::sqlite::job::job;
use crate::sqlite::writer::TransactionJob;

/// A transaction. The thread waits for its statements until this is dropped, and rolls back what was not
/// committed.
#[derive(Debug)]
pub(crate) struct Transaction {
    statements: Sender<TransactionJob>,
    /// Whether the thread has run a statement of it.
    has_begun: AtomicBool,
    acquire_timeout: Duration,
    _place: Place,
}

impl Transaction {
    pub(crate) fn new(
        statements: Sender<TransactionJob>,
        place: Place,
        acquire_timeout: Duration,
    ) -> Self {
        Self {
            statements,
            has_begun: AtomicBool::new(false),
            acquire_timeout,
            _place: place,
        }
    }

    /// Runs `work` in the transaction.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let (reply, waiter) = job();
        let statement: TransactionJob = Box::new(move |connection| {
            if reply.start() {
                reply.send(connection.and_then(work));
            }
        });
        if self.statements.send(statement).is_err() {
            return Err(DbError::unavailable(
                "the transaction took too long and was rolled back",
            ));
        }
        // The first statement waits for the transactions before this one.
        let limit = if self.has_begun.load(Ordering::Relaxed) {
            Duration::MAX
        } else {
            self.acquire_timeout
        };
        let result = waiter.wait(limit).await;
        self.has_begun.store(true, Ordering::Relaxed);
        result
    }
}
