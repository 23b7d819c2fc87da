//! [`Source`]: where a statement runs, in a transaction or outside.

use sea_orm::DbBackend;
use sea_orm::sea_query::{QueryStatementWriter, Value};

use crate::db::Db;
use crate::error::DbError;
use crate::row::{FromRow, Row};
use crate::shape::Shape;
use crate::statement::Query;
use crate::tx::Tx;

/// A database, or a transaction in one.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    Db(&'a Db),
    Tx(&'a Tx),
}

impl<'a> From<&'a Db> for Source<'a> {
    fn from(db: &'a Db) -> Self {
        Self::Db(db)
    }
}

impl<'a> From<&'a Tx> for Source<'a> {
    fn from(tx: &'a Tx) -> Self {
        Self::Tx(tx)
    }
}

impl Source<'_> {
    /// Runs a transaction again that was in conflict with another one. A part of one is not run again: the whole is
    /// lost.
    pub(crate) async fn repeated<T, F>(self, run: impl Fn() -> F) -> Result<T, DbError>
    where
        F: Future<Output = Result<T, DbError>>,
    {
        match self {
            Self::Db(db) => db.repeated(run).await,
            Self::Tx(_) => run().await,
        }
    }

    fn db(&self) -> &Db {
        match self {
            Self::Db(db) => db,
            Self::Tx(tx) => tx.db(),
        }
    }

    pub(crate) fn backend(self) -> DbBackend {
        self.db().backend()
    }

    /// The statement of this shape; `write` makes it of the values if it has not been written before.
    pub(crate) fn statement<S: QueryStatementWriter>(
        self,
        shape: Shape,
        write: impl FnOnce(&[Value]) -> Result<S, DbError>,
    ) -> Result<Query, DbError> {
        self.db().texts().query(self.backend(), shape, write)
    }

    /// The rows of a statement. Outside of a transaction, one that writes is a transaction of its own.
    pub(crate) async fn query<T: Send + 'static>(
        self,
        query: Query,
        read: impl Fn(&mut Row<'_>) -> Result<T, DbError> + Send + 'static,
    ) -> Result<Vec<T>, DbError> {
        match self {
            Self::Db(db) => db.query_with(query, read).await,
            Self::Tx(tx) => tx.query_with(query, read).await,
        }
    }

    /// The rows of two statements that only read; outside of a transaction, in one round trip.
    pub(crate) async fn query_both<A: Send + 'static, B: FromRow>(
        self,
        first: Query,
        read: impl Fn(&mut Row<'_>) -> Result<A, DbError> + Send + 'static,
        second: Query,
    ) -> Result<(Vec<A>, Vec<B>), DbError> {
        match self {
            Self::Db(db) => db.query_both(first, read, second).await,
            Self::Tx(tx) => {
                let first = tx.query_with(first, read).await?;
                Ok((first, tx.query_with(second, B::from_row).await?))
            }
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
