//! [`Work`]: what can be done on a connection, in a transaction or outside.

use tokio_postgres::Row;

use crate::error::DbError;
use crate::postgres::client::{Client, Prepared};
use crate::statement::Query;

/// Statements on a connection.
pub(super) trait Work: Sync {
    type Output: Send;

    /// Makes round trips that must not come between `BEGIN` and the first statement.
    fn prepare(&self, client: &Client) -> impl Future<Output = Result<(), DbError>> + Send;

    fn run(&self, client: &Client) -> impl Future<Output = Result<Self::Output, DbError>> + Send;
}

/// The rows of a statement.
pub(super) struct Rows<'q>(pub(super) &'q Query);

/// The rows of two statements, which are both sent before the first result is here.
pub(super) struct Both<'q>(pub(super) &'q Query, pub(super) &'q Query);

/// A statement whose rows are only counted.
pub(super) struct Execution<'q>(pub(super) &'q Query);

/// Statements without parameters, which begin and end no transaction.
pub(super) struct Batch<'q>(pub(super) &'q str);

impl Work for Rows<'_> {
    type Output = Vec<Row>;

    async fn prepare(&self, client: &Client) -> Result<(), DbError> {
        client.prepare(self.0).await.map(drop)
    }

    async fn run(&self, client: &Client) -> Result<Vec<Row>, DbError> {
        let prepared = client.prepare(self.0).await?;
        self.run_prepared(client, prepared).await
    }
}

impl Rows<'_> {
    async fn run_prepared(&self, client: &Client, prepared: Prepared) -> Result<Vec<Row>, DbError> {
        match client.query(&prepared, self.0).await {
            Err(error) if client.forgets_stale(&error) => {
                let prepared = client.prepare(self.0).await?;
                Ok(client.query(&prepared, self.0).await?)
            }
            result => Ok(result?),
        }
    }
}

impl Work for Both<'_> {
    type Output = (Vec<Row>, Vec<Row>);

    async fn prepare(&self, client: &Client) -> Result<(), DbError> {
        client.prepare(self.0).await?;
        client.prepare(self.1).await.map(drop)
    }

    async fn run(&self, client: &Client) -> Result<Self::Output, DbError> {
        let (first, second) = (Rows(self.0), Rows(self.1));
        let prepared = (client.prepare(self.0).await?, client.prepare(self.1).await?);
        // Both to their end: afterwards the connection is idle.
        let (first, second) = tokio::join!(
            first.run_prepared(client, prepared.0),
            second.run_prepared(client, prepared.1)
        );
        Ok((first?, second?))
    }
}

impl Work for Execution<'_> {
    type Output = u64;

    async fn prepare(&self, client: &Client) -> Result<(), DbError> {
        client.prepare(self.0).await.map(drop)
    }

    async fn run(&self, client: &Client) -> Result<u64, DbError> {
        let prepared = client.prepare(self.0).await?;
        match client.execute(&prepared, self.0).await {
            Err(error) if client.forgets_stale(&error) => {
                let prepared = client.prepare(self.0).await?;
                Ok(client.execute(&prepared, self.0).await?)
            }
            result => Ok(result?),
        }
    }
}

impl Work for Batch<'_> {
    type Output = u64;

    async fn prepare(&self, _: &Client) -> Result<(), DbError> {
        Ok(())
    }

    async fn run(&self, client: &Client) -> Result<u64, DbError> {
        client.batch(self.0).await
    }
}
