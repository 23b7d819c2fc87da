//! A transaction on one connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tokio_postgres::Row;

use crate::error::DbError;
use crate::postgres::Postgres;
use crate::postgres::client::{Client, State};
use crate::postgres::work::{Batch, Execution, Rows, Work};
use crate::statement::Query;

/// A transaction, which begins with its first statement. Its connection returns to the pool when the server has
/// committed it or rolled it back.
#[derive(Debug)]
pub(crate) struct Transaction {
    postgres: Arc<Postgres>,
    connection: Mutex<Connection>,
    begin: String,
    opened: Instant,
    max_time: Duration,
}

#[derive(Debug)]
struct Connection {
    client: Client,
    /// A statement has failed. The server then refuses all others, and answers `COMMIT` with a rollback.
    is_aborted: bool,
}

impl Transaction {
    pub(super) fn new(
        postgres: Arc<Postgres>,
        client: Client,
        begin: String,
        max_time: Duration,
    ) -> Self {
        let connection = Connection {
            client,
            is_aborted: false,
        };
        Self {
            postgres,
            connection: Mutex::new(connection),
            begin,
            opened: Instant::now(),
            max_time,
        }
    }

    pub(crate) async fn query(&self, query: &Query) -> Result<Vec<Row>, DbError> {
        let mut connection = self.connection.lock().await;
        self.run(&mut connection, &Rows(query)).await
    }

    pub(crate) async fn execute(&self, query: &Query) -> Result<u64, DbError> {
        let mut connection = self.connection.lock().await;
        self.run(&mut connection, &Execution(query)).await
    }

    /// Executes statements without parameters.
    pub(crate) async fn execute_batch(&self, sql: &str) -> Result<u64, DbError> {
        let mut connection = self.connection.lock().await;
        self.run(&mut connection, &Batch(sql)).await
    }

    /// Undoes what was done since a savepoint. The transaction then may go on.
    pub(crate) async fn undo(&self, sql: &str) -> Result<(), DbError> {
        let mut connection = self.connection.lock().await;
        self.run(&mut connection, &Batch(sql)).await?;
        connection.is_aborted = false;
        Ok(())
    }

    /// Commits. If this is dropped before the server has replied, the server may have committed or not.
    pub(crate) async fn commit(&self) -> Result<(), DbError> {
        let mut connection = self.connection.lock().await;
        let Connection { client, is_aborted } = &mut *connection;
        if client.state == State::Idle {
            return Ok(());
        }
        if *is_aborted {
            return Err(DbError::other(
                "a statement of the transaction has failed, so it was rolled back",
            ));
        }
        self.postgres.while_alive(client.batch("COMMIT")).await?;
        client.state = State::Idle;
        Ok(())
    }

    /// Rolls back, if it has begun.
    pub(crate) async fn roll_back(&self) -> Result<(), DbError> {
        let mut connection = self.connection.lock().await;
        let client = &mut connection.client;
        if client.state == State::InTransaction {
            self.postgres.while_alive(client.batch("ROLLBACK")).await?;
            client.state = State::Idle;
        }
        Ok(())
    }

    async fn run<W: Work>(
        &self,
        connection: &mut Connection,
        work: &W,
    ) -> Result<W::Output, DbError> {
        self.check_time()?;
        let Connection { client, is_aborted } = connection;
        let is_first = client.state != State::InTransaction;
        if is_first {
            client.state = State::Busy;
            self.postgres.while_alive(work.prepare(client)).await?;
            client.state = State::InTransaction;
        }
        let client = &*client;
        let both = async {
            if is_first {
                // Both are sent before the first reply is here.
                let (begun, result) = tokio::join!(client.batch(&self.begin), work.run(client));
                begun.and(result)
            } else {
                work.run(client).await
            }
        };
        let result = self.postgres.while_alive(both).await;
        *is_aborted |= result.is_err();
        result
    }

    fn check_time(&self) -> Result<(), DbError> {
        if self.opened.elapsed() > self.max_time {
            return Err(DbError::unavailable(
                "the transaction took too long and was rolled back",
            ));
        }
        Ok(())
    }
}
