//! A transaction on the thread that writes.

use std::time::Duration;

use crossbeam_channel::{Sender, unbounded};

use crate::error::DbError;
use crate::place::Place;
use crate::sqlite::connection::Connection;
use crate::sqlite::job::{caught, job, not_run};
use crate::sqlite::writer::{TransactionJob, TransactionKind, WriterJob};

/// A transaction, which begins with its first statement. The thread then waits for its statements until it is
/// committed or this is dropped, and rolls back what was not committed.
#[derive(Debug)]
pub(crate) struct Transaction {
    writer: Sender<WriterJob>,
    kind: TransactionKind,
    acquire_timeout: Duration,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    New(Place),
    Begun(Sender<TransactionJob>),
    /// The first statement has not been sent.
    Ended,
}

impl Transaction {
    pub(super) fn new(
        writer: Sender<WriterJob>,
        kind: TransactionKind,
        place: Place,
        acquire_timeout: Duration,
    ) -> Self {
        Self {
            writer,
            kind,
            acquire_timeout,
            progress: Progress::New(place),
        }
    }

    pub(crate) fn has_begun(&self) -> bool {
        matches!(self.progress, Progress::Begun(_))
    }

    /// Runs `work` in the transaction.
    pub(crate) async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        // The first statement waits for the transactions before this one.
        let limit = match self.progress {
            Progress::New(_) => self.acquire_timeout,
            _ => Duration::MAX,
        };
        let (reply, waiter) = job(None);
        let statement: TransactionJob = Box::new(move |connection| {
            if reply.start() {
                reply.send(connection.and_then(|connection| caught(|| work(connection))));
            }
        });
        let statements = self.begun()?;
        statements.send(statement).map_err(|_| not_run())?;
        waiter.wait(limit).await
    }

    /// Sends the transaction to the thread, if it was not sent yet.
    fn begun(&mut self) -> Result<&Sender<TransactionJob>, DbError> {
        let progress = std::mem::replace(&mut self.progress, Progress::Ended);
        self.progress = match progress {
            Progress::New(place) => {
                let (sender, statements) = unbounded();
                let transaction = WriterJob::Transaction {
                    statements,
                    kind: self.kind,
                    place,
                };
                self.writer.send(transaction).map_err(|_| not_run())?;
                Progress::Begun(sender)
            }
            other => other,
        };
        match &self.progress {
            Progress::Begun(statements) => Ok(statements),
            _ => Err(not_run()),
        }
    }
}
