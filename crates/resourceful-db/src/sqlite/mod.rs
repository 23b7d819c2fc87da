//! SQLite on threads of its own: one that writes, several that read.

mod connection;
mod error;
mod job;
mod parameters;
mod transaction;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use crate::error::DbError;
use crate::options::DbOptions;
use crate::sqlite::job::{Reply, caught, job, not_run};
use crate::sqlite::writer::{End, SharedJob, TransactionKind, WriterJob};

pub(crate) use self::connection::Connection;
pub(crate) use self::transaction::Transaction;
use crate::place::Place;

/// Interval between attempts to open a file again.
const REOPEN_INTERVAL: Duration = Duration::from_millis(100);

type ReaderJob = Box<dyn FnOnce(&Connection) + Send>;

/// The threads of one database.
#[derive(Debug)]
pub(crate) struct Sqlite {
    /// `None` for a database in memory, which has one connection.
    readers: Option<Sender<ReaderJob>>,
    writer: Sender<WriterJob>,
    reader_count: usize,
    waiting: Arc<AtomicUsize>,
    max_waiting: usize,
    acquire_timeout: Duration,
    max_transaction_time: Duration,
    is_closed: AtomicBool,
}

impl Sqlite {
    /// Opens the file, or a database in memory for `None`.
    pub(crate) fn open(path: Option<&Path>, options: &DbOptions) -> Result<Self, DbError> {
        let (writer, jobs) = unbounded();
        let file = path.map_or_else(|| PathBuf::from(":memory:"), Path::to_owned);
        let first = Connection::open(&file, options.statement_timeout)?;
        let readers = match path {
            Some(path) => Some(start_readers(path, options)?),
            None => None,
        };
        start_writer(file, first, jobs, options)?;
        Ok(Self {
            readers,
            writer,
            reader_count: path.map_or(0, |_| options.readers),
            waiting: Arc::default(),
            max_waiting: options.max_waiting,
            acquire_timeout: options.acquire_timeout.unwrap_or(Duration::from_secs(3)),
            max_transaction_time: options.max_transaction_time,
            is_closed: AtomicBool::new(false),
        })
    }

    /// Runs `work`, which only reads.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let Some(readers) = &self.readers else {
            return self.alone(work).await;
        };
        let (reply, waiter) = job(Some(self.place()?));
        let run: ReaderJob = Box::new(move |connection| {
            if reply.start() {
                reply.send(caught(|| work(connection)));
            }
        });
        readers.send(run).map_err(|_| not_run())?;
        waiter.wait(self.acquire_timeout).await
    }

    /// Runs `work`, which writes, as a transaction of its own. Several share a commit. It may run twice.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let (reply, waiter) = job(Some(self.place()?));
        let shared = Write {
            work,
            result: None,
            reply,
        };
        self.send(WriterJob::Shared(Box::new(shared)))?;
        waiter.wait(self.acquire_timeout).await
    }

    /// Runs `work` on the connection that writes, outside of transactions. It cannot begin one.
    pub(crate) async fn alone<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DbError> + Send + 'static,
    ) -> Result<T, DbError> {
        let (reply, waiter) = job(Some(self.place()?));
        let run = move |connection: &Connection| {
            if reply.start() {
                reply.send(caught(|| work(connection)));
            }
        };
        self.send(WriterJob::Alone(Box::new(run)))?;
        waiter.wait(self.acquire_timeout).await
    }

    /// A transaction.
    pub(crate) fn begin(&self) -> Result<Transaction, DbError> {
        self.begin_kind(TransactionKind::Limited(self.max_transaction_time))
    }

    /// A transaction for migrations.
    pub(crate) fn begin_migration(&self) -> Result<Transaction, DbError> {
        self.begin_kind(TransactionKind::Migration)
    }

    fn begin_kind(&self, kind: TransactionKind) -> Result<Transaction, DbError> {
        let writer = self.writer.clone();
        let place = self.place()?;
        Ok(Transaction::new(writer, kind, place, self.acquire_timeout))
    }

    /// The number of threads, those that are idle (unknown), and the jobs that wait or run.
    pub(crate) fn status(&self) -> (usize, usize, usize) {
        (
            1 + self.reader_count,
            0,
            self.waiting.load(Ordering::Relaxed),
        )
    }

    /// Ends the threads, when the jobs before it are done.
    pub(crate) async fn close(&self) {
        let (closed, wait) = tokio::sync::oneshot::channel();
        self.is_closed.store(true, Ordering::Release);
        if self.writer.send(WriterJob::Close(closed)).is_ok() {
            let _ = wait.await;
        }
    }

    fn send(&self, job: WriterJob) -> Result<(), DbError> {
        self.writer.send(job).map_err(|_| not_run())
    }

    fn place(&self) -> Result<Place, DbError> {
        if self.is_closed.load(Ordering::Acquire) {
            return Err(DbError::unavailable("the database was closed"));
        }
        Place::take(&self.waiting, self.max_waiting)
    }
}

fn start_readers(path: &Path, options: &DbOptions) -> Result<Sender<ReaderJob>, DbError> {
    let (readers, jobs) = unbounded::<ReaderJob>();
    for number in 0..options.readers {
        let connection = Connection::open(path, options.statement_timeout)?;
        connection.only_read()?;
        let jobs = jobs.clone();
        let read = move || {
            for job in jobs {
                job(&connection);
            }
        };
        spawn(format!("sqlite-reader-{number}"), read)?;
    }
    Ok(readers)
}

fn start_writer(
    file: PathBuf,
    first: Connection,
    jobs: Receiver<WriterJob>,
    options: &DbOptions,
) -> Result<(), DbError> {
    let statement_timeout = options.statement_timeout;
    let write = move || {
        let mut connection = first;
        let closed = loop {
            if let End::Closed(closed) = writer::run(&connection, &jobs) {
                break closed;
            }
            drop(connection);
            connection = loop {
                match Connection::open(&file, statement_timeout) {
                    Ok(opened) => break opened,
                    Err(error) => {
                        tracing::error!(
                            error = error.to_string(),
                            "cannot open the database again"
                        );
                    }
                }
                match jobs.recv_timeout(REOPEN_INTERVAL) {
                    // A job is refused by dropping it.
                    Ok(WriterJob::Close(_)) | Err(RecvTimeoutError::Disconnected) => return,
                    Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                }
            };
        };
        drop(connection);
        drop(closed);
    };
    spawn("sqlite-writer".to_owned(), write)
}

fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> Result<(), DbError> {
    let thread = thread::Builder::new().name(name).spawn(work);
    thread.map_err(|error| DbError::other(format!("cannot start a thread: {error}")))?;
    Ok(())
}

/// A statement that writes, with its result until the commit.
struct Write<W, T> {
    work: W,
    result: Option<Result<T, DbError>>,
    reply: Reply<T>,
}

impl<W, T> SharedJob for Write<W, T>
where
    W: Fn(&Connection) -> Result<T, DbError> + Send,
    T: Send,
{
    fn start(&self) -> bool {
        self.reply.start()
    }

    fn run(&mut self, connection: &Connection) -> bool {
        let result = caught(|| (self.work)(connection));
        let kept = result.is_ok();
        self.result = Some(result);
        kept
    }

    fn finish(self: Box<Self>, commit: Result<(), DbError>) {
        let result = self.result.unwrap_or_else(|| Err(not_run()));
        self.reply
            .send(result.and_then(|value| commit.map(|()| value)));
    }
}
