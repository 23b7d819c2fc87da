//! One connection to SQLite, which one thread uses.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::fallible_iterator::FallibleIterator;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Batch, Connection as Driver, OpenFlags, Statement};

use crate::changed::Changed;
use crate::error::DbError;
use crate::row::Row;
use crate::sqlite::error::is_busy;
use crate::sqlite::parameters;
use crate::statement::Query;

/// Statements that stay prepared.
const PREPARED_STATEMENTS: usize = 256;

/// Steps of SQLite's virtual machine between two looks at the clock: about a millisecond of work.
const STEPS: i32 = 100_000;

/// Attempts to get the lock of another process, a millisecond apart: five seconds. SQLite's own handler waits up
/// to 100 ms between two attempts, so it misses the short pauses of a process that writes all the time.
const LOCK_ATTEMPTS: i32 = 5000;

pub(crate) struct Connection {
    driver: Driver,
    /// The end of the statement's time, in milliseconds after `opened`; 0 while no statement runs.
    deadline: Arc<AtomicU64>,
    opened: Instant,
    statement_timeout: Duration,
    has_limits: Cell<bool>,
    /// Whether SQLite refuses to prepare a statement that begins or ends a transaction.
    refuses_control: Arc<AtomicBool>,
}

impl Connection {
    /// Opens the file, which is created if it is missing.
    pub(crate) fn open(path: &Path, statement_timeout: Duration) -> rusqlite::Result<Self> {
        let flags = OpenFlags::default();
        // While another process creates the file or recovers it after a crash, SQLite reports a lock at once
        // instead of waiting.
        let mut attempt = 1;
        loop {
            match Self::try_open(path, flags, statement_timeout) {
                Err(error) if is_busy(&error) && attempt < 8 => {
                    std::thread::sleep(Duration::from_millis(100 * attempt));
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn try_open(
        path: &Path,
        flags: OpenFlags,
        statement_timeout: Duration,
    ) -> rusqlite::Result<Self> {
        let driver = Driver::open_with_flags(path, flags)?;
        driver.busy_handler(Some(|attempt| {
            std::thread::sleep(Duration::from_millis(1));
            attempt < LOCK_ATTEMPTS
        }))?;
        // Readers and the writer do not wait for each other; a commit is on the disk when it is confirmed.
        driver.pragma_update(None, "journal_mode", "WAL")?;
        driver.pragma_update(None, "synchronous", "FULL")?;
        driver.pragma_update(None, "foreign_keys", true)?;
        driver.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        // After `ANALYZE` the planner would look at bound values, and each new value would prepare the statement anew.
        driver.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let refuses_control = Arc::new(AtomicBool::new(false));
        let refuses = Arc::clone(&refuses_control);
        driver.authorizer(Some(move |context: AuthContext<'_>| match context.action {
            AuthAction::Transaction { .. } | AuthAction::Savepoint { .. }
                if refuses.load(Ordering::Relaxed) =>
            {
                Authorization::Deny
            }
            _ => Authorization::Allow,
        }))?;
        let deadline = Arc::new(AtomicU64::new(0));
        let opened = Instant::now();
        let watched = Arc::clone(&deadline);
        driver.progress_handler(
            STEPS,
            Some(move || {
                let deadline = watched.load(Ordering::Relaxed);
                deadline != 0 && millis(opened) > deadline
            }),
        )?;
        Ok(Self {
            driver,
            deadline,
            opened,
            statement_timeout,
            has_limits: Cell::new(true),
            refuses_control,
        })
    }

    /// Refuses statements that write.
    pub(crate) fn only_read(&self) -> rusqlite::Result<()> {
        self.driver.pragma_update(None, "query_only", true)
    }

    /// Lifts the limits for migrations: foreign keys, and the time of a statement.
    pub(crate) fn lift_limits(&self) -> Result<(), DbError> {
        self.has_limits.set(false);
        Ok(self.driver.pragma_update(None, "foreign_keys", false)?)
    }

    /// Enforces the limits again, if they were lifted.
    pub(crate) fn enforce_limits(&self) -> Result<(), DbError> {
        if !self.has_limits.get() {
            self.driver.pragma_update(None, "foreign_keys", true)?;
            self.has_limits.set(true);
        }
        Ok(())
    }

    /// Whether no transaction is open.
    pub(crate) fn is_autocommit(&self) -> bool {
        self.driver.is_autocommit()
    }

    /// The rows of a statement.
    pub(crate) fn query<T>(
        &self,
        query: &Query,
        read: impl Fn(&mut Row<'_>) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        self.query_with(query, |_| (), |row, ()| read(&mut Row::sqlite(row)))
    }

    /// The rows of a statement, read by `read`, which gets the statement for the names of its columns.
    pub(crate) fn query_with<T, C>(
        &self,
        query: &Query,
        columns: impl Fn(&Statement<'_>) -> C,
        mut read: impl FnMut(&rusqlite::Row<'_>, &C) -> Result<T, DbError>,
    ) -> Result<Vec<T>, DbError> {
        self.run(query, |statement, _| {
            let mut rows = parameters::run(statement, &query.values)?;
            let mut all = Vec::new();
            // The first step prepares the statement anew if a table has changed.
            let mut known = None;
            while let Some(row) = rows.next()? {
                let known = known.get_or_insert_with(|| columns(row.as_ref()));
                all.push(read(row, known)?);
            }
            Ok(all)
        })
    }

    /// Executes a statement.
    pub(crate) fn execute(&self, query: &Query) -> Result<Changed, DbError> {
        self.run(query, |statement, driver| {
            let before = driver.total_changes();
            let mut rows = parameters::run(statement, &query.values)?;
            while rows.next()?.is_some() {}
            // `changes` keeps the number of an earlier statement if this one changes nothing.
            let changed = driver.total_changes() != before;
            Ok(Changed {
                rows: if changed { driver.changes() } else { 0 },
                last_id: u64::try_from(driver.last_insert_rowid()).unwrap_or_default(),
            })
        })
    }

    /// Executes several statements without parameters.
    pub(crate) fn execute_batch(&self, sql: &str) -> Result<Changed, DbError> {
        self.timed(|| {
            let before = self.driver.total_changes();
            let mut statements = Batch::new(&self.driver, sql);
            while let Some(mut statement) = self.prepare(|| statements.next())? {
                // Of a statement with rows, all but the first are left.
                statement.raw_query().next()?;
            }
            Ok(Changed {
                rows: self.driver.total_changes() - before,
                last_id: u64::try_from(self.driver.last_insert_rowid()).unwrap_or_default(),
            })
        })
    }

    /// Executes `BEGIN`, `COMMIT` and the like.
    pub(crate) fn control(&self, sql: &str) -> Result<(), DbError> {
        let mut statement = self.driver.prepare_cached(sql)?;
        statement.execute([])?;
        Ok(())
    }

    /// Ends a transaction that is still open. If even that fails, the connection is of no use.
    pub(crate) fn roll_back(&self) -> Result<(), DbError> {
        if self.is_autocommit() {
            return Ok(());
        }
        let result = self.control("ROLLBACK");
        if self.is_autocommit() { Ok(()) } else { result }
    }

    fn run<T>(
        &self,
        query: &Query,
        work: impl FnOnce(&mut Statement<'_>, &Driver) -> Result<T, DbError>,
    ) -> Result<T, DbError> {
        self.timed(|| {
            let mut statement = self.prepare(|| self.driver.prepare_cached(&query.sql))?;
            work(&mut statement, &self.driver)
        })
    }

    /// Prepares a statement of others, which must not be one for [`control`](Self::control). A statement that is in
    /// the cache was prepared here too, or begins with a word that is refused before.
    ///
    /// `VACUUM` begins a transaction while it runs, so it is the preparation alone that refuses.
    fn prepare<T>(&self, prepare: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        self.refuses_control.store(true, Ordering::Relaxed);
        let prepared = prepare();
        self.refuses_control.store(false, Ordering::Relaxed);
        prepared
    }

    fn timed<T>(&self, work: impl FnOnce() -> Result<T, DbError>) -> Result<T, DbError> {
        let timeout = u64::try_from(self.statement_timeout.as_millis()).unwrap_or(u64::MAX);
        let deadline = millis(self.opened).saturating_add(timeout);
        if self.has_limits.get() {
            self.deadline.store(deadline, Ordering::Relaxed);
        }
        let result = work();
        self.deadline.store(0, Ordering::Relaxed);
        result
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
