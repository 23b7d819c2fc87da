//! [`Table`]: the statements of a store in an SQL table.

use std::time::Duration;

use resourceful::{Error, Result};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};

/// A table of a store, in the database of the connection `C`.
#[derive(Clone, Debug)]
pub(crate) struct Table<C>(C);

impl<C: ConnectionTrait> Table<C> {
    /// Creates the table and its indexes by statements with `IF NOT EXISTS`.
    pub(crate) async fn create(database: C, statements: &[&str]) -> Result<Self, DbErr> {
        for statement in statements {
            // If two processes create the table at the same time, PostgreSQL refuses one of them even
            // with `IF NOT EXISTS`. A second attempt finds the table.
            if database.execute_unprepared(statement).await.is_err() {
                database.execute_unprepared(statement).await?;
            }
        }
        Ok(Self(database))
    }

    /// Executes a statement and returns the number of changed rows.
    pub(crate) async fn execute(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<u64> {
        let result = self.0.execute_raw(self.statement(sql, values)).await;
        Ok(result.map_err(unavailable)?.rows_affected())
    }

    pub(crate) async fn query_all(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>> {
        let rows = self.0.query_all_raw(self.statement(sql, values)).await;
        rows.map_err(unavailable)
    }

    fn statement(&self, sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.0.get_database_backend(), sql, values)
    }
}

pub(crate) fn unavailable(error: DbErr) -> Error {
    Error::unavailable(Duration::from_secs(5)).with_source(error)
}
