//! [`Dedicated`]: a connection that is closed after its use.

use tokio_postgres::Row;

use crate::error::DbError;
use crate::postgres::client::{Client, State};
use crate::postgres::work::{Execution, Rows, Work};
use crate::statement::Query;

/// A connection with settings and locks of its own, so it does not return to the pool.
#[derive(Debug)]
pub(crate) struct Dedicated(Client);

impl Dedicated {
    pub(super) fn new(mut client: Client) -> Self {
        client.state = State::Dedicated;
        Self(client)
    }

    pub(crate) async fn query(&self, query: &Query) -> Result<Vec<Row>, DbError> {
        Rows(query).run(&self.0).await
    }

    pub(crate) async fn execute(&self, query: &Query) -> Result<u64, DbError> {
        Execution(query).run(&self.0).await
    }

    pub(crate) async fn execute_batch(&self, sql: &str) -> Result<u64, DbError> {
        self.0.batch(sql).await
    }
}
