//! SeaORM's traits for [`Db`] and [`Tx`].

use std::fmt::{Debug, Display};
use std::pin::Pin;

use async_trait::async_trait;
use sea_orm::{
    AccessMode, ConnectionTrait, DbBackend, DbErr, ExecResult, IsolationLevel, ProxyExecResult,
    QueryResult, Statement, TransactionError, TransactionOptions, TransactionSession,
    TransactionTrait,
};

use crate::changed::Changed;
use crate::db::Db;
use crate::statement::{refuse_transaction_control, refuse_transaction_control_in_any};
use crate::tx::Tx;

type Work<'c, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'c>>;

/// Implements `ConnectionTrait`. A macro, because both types have the same methods and no common trait.
macro_rules! connection {
    ($connection:ty, $backend:expr) => {
        #[async_trait]
        impl ConnectionTrait for $connection {
            fn get_database_backend(&self) -> DbBackend {
                let backend: fn(&Self) -> DbBackend = $backend;
                backend(self)
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                refuse_transaction_control(&statement.sql, self.get_database_backend())?;
                Ok(exec_result(self.execute(statement.into()).await?))
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                refuse_transaction_control_in_any(sql, self.get_database_backend())?;
                Ok(exec_result(self.execute_batch(sql).await?))
            }

            async fn query_one_raw(
                &self,
                statement: Statement,
            ) -> Result<Option<QueryResult>, DbErr> {
                refuse_transaction_control(&statement.sql, self.get_database_backend())?;
                let rows = self.rows(statement.into()).await?;
                Ok(rows.into_iter().next().map(QueryResult::from))
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                refuse_transaction_control(&statement.sql, self.get_database_backend())?;
                let rows = self.rows(statement.into()).await?;
                Ok(rows.into_iter().map(QueryResult::from).collect())
            }
        }
    };
}

connection!(Db, |db| db.backend());
connection!(Tx, |tx| tx.db().backend());

fn exec_result(changed: Changed) -> ExecResult {
    ProxyExecResult::new(changed.last_id, changed.rows).into()
}

#[async_trait]
impl TransactionTrait for Db {
    type Transaction = Tx;

    async fn begin(&self) -> Result<Tx, DbErr> {
        Ok(Self::begin(self).await?)
    }

    async fn begin_with_config(
        &self,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<Tx, DbErr> {
        Ok(Tx::begin(self, begin_statement(isolation_level, access_mode)).await?)
    }

    /// SQLite's transactions are always immediate: one that reads first could not write later if another one
    /// has written meanwhile.
    async fn begin_with_options(&self, options: TransactionOptions) -> Result<Tx, DbErr> {
        self.begin_with_config(options.isolation_level, options.access_mode)
            .await
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Tx) -> Work<'c, T, E> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        run(TransactionTrait::begin(self).await, callback).await
    }

    async fn transaction_with_config<F, T, E>(
        &self,
        callback: F,
        isolation_level: Option<IsolationLevel>,
        access_mode: Option<AccessMode>,
    ) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Tx) -> Work<'c, T, E> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        run(
            self.begin_with_config(isolation_level, access_mode).await,
            callback,
        )
        .await
    }
}

/// A transaction in a transaction is a savepoint.
#[async_trait]
impl TransactionTrait for Tx {
    type Transaction = Self;

    async fn begin(&self) -> Result<Self, DbErr> {
        Ok(self.savepoint().await?)
    }

    async fn begin_with_config(
        &self,
        _: Option<IsolationLevel>,
        _: Option<AccessMode>,
    ) -> Result<Self, DbErr> {
        self.begin().await
    }

    async fn begin_with_options(&self, _: TransactionOptions) -> Result<Self, DbErr> {
        self.begin().await
    }

    async fn transaction<F, T, E>(&self, callback: F) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self) -> Work<'c, T, E> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        run(self.begin().await, callback).await
    }

    async fn transaction_with_config<F, T, E>(
        &self,
        callback: F,
        _: Option<IsolationLevel>,
        _: Option<AccessMode>,
    ) -> Result<T, TransactionError<E>>
    where
        F: for<'c> FnOnce(&'c Self) -> Work<'c, T, E> + Send,
        T: Send,
        E: Display + Debug + Send,
    {
        run(self.begin().await, callback).await
    }
}

#[async_trait]
impl TransactionSession for Tx {
    async fn commit(self) -> Result<(), DbErr> {
        Ok(Self::commit(self).await?)
    }

    async fn rollback(self) -> Result<(), DbErr> {
        Ok(Self::rollback(self).await?)
    }
}

async fn run<F, T, E>(begun: Result<Tx, DbErr>, callback: F) -> Result<T, TransactionError<E>>
where
    F: for<'c> FnOnce(&'c Tx) -> Work<'c, T, E> + Send,
    E: Display + Debug + Send,
{
    let tx = begun.map_err(TransactionError::Connection)?;
    let result = callback(&tx).await.map_err(TransactionError::Transaction)?;
    let committed = tx.commit().await;
    committed.map_err(|error| TransactionError::Connection(error.into()))?;
    Ok(result)
}

fn begin_statement(
    isolation_level: Option<IsolationLevel>,
    access_mode: Option<AccessMode>,
) -> String {
    let mut begin = "BEGIN".to_owned();
    if let Some(level) = isolation_level {
        begin.push_str(" ISOLATION LEVEL ");
        begin.push_str(&level.to_string());
    }
    match access_mode {
        Some(AccessMode::ReadOnly) => begin.push_str(" READ ONLY"),
        Some(AccessMode::ReadWrite) => begin.push_str(" READ WRITE"),
        None => {}
    }
    begin
}
