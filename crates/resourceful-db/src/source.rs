//! [`Source`]: where a statement runs, in a transaction or outside.

use sea_orm::DbBackend;
use sea_orm::sea_query::QueryStatementWriter;

use crate::db::Db;
use crate::error::DbError;
use crate::row::Row;
use crate::statement::Query;
use crate::tx::Tx;

/// A database, or a transaction in one.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    Db(&'a Db),
    Tx(&'a Tx),
}

impl Source<'_> {
    pub(crate) fn backend(self) -> DbBackend {
        match self {
            Self::Db(db) => db.backend(),
            Self::Tx(tx) => tx.db().backend(),
        }
    }

    /// The rows of a statement. Outside of a transaction, one that writes is a transaction of its own.
    pub(crate) async fn query<T: Send + 'static>(
        self,
        statement: &(impl QueryStatementWriter + Sync),
        read: impl Fn(&mut Row<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<Vec<T>, DbError> {
        let query = Query::new(self.backend(), statement);
        match self {
            Self::Db(db) => db.query_with(query, read).await,
            Self::Tx(tx) => tx.query_with(query, read).await,
        }
    }

    /// Executes a statement and returns the number of changed rows.
    pub(crate) async fn execute(self, query: Query) -> Result<u64, DbError> {
        let changed = match self {
            Self::Db(db) => db.execute(query).await,
            Self::Tx(tx) => tx.execute(query).await,
        };
        Ok(changed?.rows)
    }
}
