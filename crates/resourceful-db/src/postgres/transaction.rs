//! A transaction on one connection.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Row;

use crate::error::DbError;
use crate::postgres::client::{Client, State};
use crate::postgres::work::{Batch, Execution, Rows, Work};
use crate::postgres::{Postgres, check_time};
use crate::statement::Query;

/// A transaction, which begins with its first statement. Its connection returns to the pool when the server has
/// committed it or rolled it back.
#[derive(Debug)]
pub(crate) struct Transaction {
    postgres: Arc<Postgres>,
    client: Client,
    begin: String,
    /// `None`: its time has no limit.
    end: Option<Instant>,
}

impl Transaction {
    pub(super) fn new(
        postgres: Arc<Postgres>,
        client: Client,
        begin: String,
        max_time: Duration,
    ) -> Self {
        Self {
            postgres,
            client,
            begin,
            end: Instant::now().checked_add(max_time),
        }
    }

    pub(crate) async fn query(&mut self, query: &Query) -> Result<Vec<Row>, DbError> {
        self.run(&Rows(query)).await
    }

    pub(crate) async fn execute(&mut self, query: &Query) -> Result<u64, DbError> {
        self.run(&Execution(query)).await
    }

    /// Executes statements without parameters.
    pub(crate) async fn execute_batch(&mut self, sql: &str) -> Result<u64, DbError> {
        self.run(&Batch(sql)).await
    }

    /// Commits. The server answers `COMMIT` after a failed statement with a rollback, so the caller must not
    /// commit then. If this is dropped before the server has replied, the server may have committed or not.
    pub(crate) async fn commit(&mut self) -> Result<(), DbError> {
        if self.client.state == State::Idle {
            return Ok(());
        }
        check_time(self.end)?;
        self.end("COMMIT").await
    }

    /// Rolls back, if it has begun.
    pub(crate) async fn roll_back(&mut self) -> Result<(), DbError> {
        if self.client.state == State::InTransaction {
            self.end("ROLLBACK").await?;
        }
        Ok(())
    }

    async fn end(&mut self, sql: &str) -> Result<(), DbError> {
        self.postgres
            .while_alive(None, pin!(self.client.batch(sql)))
            .await?;
        self.client.state = State::Idle;
        Ok(())
    }

    async fn run<W: Work>(&mut self, work: &W) -> Result<W::Output, DbError> {
        check_time(self.end)?;
        if self.client.state == State::InTransaction {
            return self.in_time(pin!(work.run(&self.client))).await;
        }
        self.client.state = State::Busy;
        self.in_time(pin!(work.prepare(&self.client))).await?;
        self.client.state = State::InTransaction;
        let client = &self.client;
        let both = async {
            // Both are sent before the first reply is here.
            let (begun, result) = tokio::join!(client.batch(&self.begin), work.run(client));
            begun.and(result)
        };
        self.in_time(pin!(both)).await
    }

    async fn in_time<T>(
        &self,
        work: Pin<&mut impl Future<Output = Result<T, DbError>>>,
    ) -> Result<T, DbError> {
        self.postgres.while_alive(self.end, work).await
    }
}
