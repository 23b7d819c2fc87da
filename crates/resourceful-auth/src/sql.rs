//! [`Table`]: the statements of a store in an SQL table.

use std::time::Duration;

use resourceful::{Error, Result};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};

/// A table of a store, in the database of the connection `C`.
#[derive(Clone, Debug)]
pub(crate) struct Table<C>(C);

impl<C: ConnectionTrait> Table<C> {
    /// Creates the table and its indexes, where they are missing: each its name and its statement, with `IF NOT EXISTS`.
    ///
    /// PostgreSQL's `CREATE INDEX IF NOT EXISTS` waits for all transactions that write to the table, and makes others
    /// wait meanwhile, also if the index is there: a replica that starts would stop the others.
    pub(crate) async fn create(database: C, relations: &[(&str, &str)]) -> Result<Self, DbErr> {
        let table = Self(database);
        for (name, statement) in relations {
            // If two processes create one at the same time, PostgreSQL refuses one of them even with
            // `IF NOT EXISTS`. It is there then.
            if !table.exists(name).await?
                && let Err(error) = table.0.execute_unprepared(statement).await
                && !table.exists(name).await?
            {
                return Err(error);
            }
        }
        Ok(table)
    }

    async fn exists(&self, name: &str) -> Result<bool, DbErr> {
        let exists = match self.0.get_database_backend() {
            DbBackend::Postgres => "SELECT 1 WHERE to_regclass($1) IS NOT NULL",
            DbBackend::Sqlite => "SELECT 1 FROM sqlite_master WHERE name = $1",
            _ => return Ok(false),
        };
        let row = self.0.query_one_raw(self.statement(exists, [name.into()]));
        Ok(row.await?.is_some())
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
