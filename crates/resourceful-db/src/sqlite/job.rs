//! A job for a thread of SQLite, and the future that waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::error::DbError;
use crate::place::Place;

const WAITING: u8 = 0;
const STARTED: u8 = 1;
const ABANDONED: u8 = 2;

/// The side of the thread: it takes the job or leaves it, and then replies.
pub(crate) struct Reply<T> {
    result: oneshot::Sender<Result<T, DbError>>,
    state: Arc<AtomicU8>,
    /// A job occupies its place until a thread has taken it from the queue, also if nobody waits for it.
    place: Option<Place>,
}

/// The side of the future.
pub(crate) struct Waiter<T> {
    result: oneshot::Receiver<Result<T, DbError>>,
    state: Arc<AtomicU8>,
}

pub(crate) fn job<T>(place: Option<Place>) -> (Reply<T>, Waiter<T>) {
    let (sender, receiver) = oneshot::channel();
    let state = Arc::new(AtomicU8::new(WAITING));
    let reply = Reply {
        result: sender,
        state: Arc::clone(&state),
        place,
    };
    let waiter = Waiter {
        result: receiver,
        state,
    };
    (reply, waiter)
}

impl<T> Reply<T> {
    /// Takes the job. `false`: nobody waits for it any more, so it must not run.
    pub(crate) fn start(&self) -> bool {
        let started =
            self.state
                .compare_exchange(WAITING, STARTED, Ordering::AcqRel, Ordering::Acquire);
        started.is_ok() && !self.result.is_closed()
    }

    pub(crate) fn send(self, result: Result<T, DbError>) {
        drop(self.place);
        // The waiting future may have been dropped.
        let _ = self.result.send(result);
    }
}

impl<T> Waiter<T> {
    /// Waits for the result. A job that does not start within `limit` never runs. A job that has started is
    /// waited for: nobody could tell whether it was done.
    pub(crate) async fn wait(mut self, limit: Duration) -> Result<T, DbError> {
        let result = if let Ok(result) = timeout(limit, &mut self.result).await {
            result
        } else {
            let abandoned = self.state.compare_exchange(
                WAITING,
                ABANDONED,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            if abandoned.is_ok() {
                return Err(DbError::unavailable("the database is too busy"));
            }
            self.result.await
        };
        result.unwrap_or_else(|_| Err(not_run()))
    }
}

/// The error of a job that its thread has left.
pub(crate) fn not_run() -> DbError {
    DbError::unavailable("the database was closed, or the transaction has ended")
}

/// Runs work that reads rows into types of users, whose code may panic.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, DbError>) -> Result<T, DbError> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(DbError::other("reading the result of a statement panicked")))
}
