//! The pool of connections, with an end to its patience.

use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement,
};
use tokio::time::{Instant, timeout};

/// How long work on the database may take: asyncpg's `command_timeout`.
const WORK: Duration = Duration::from_mins(1);

/// After how long it is asked whether the server is still there, and how long that may take.
const QUIET: Duration = Duration::from_secs(1);
const SIGN_OF_LIFE: Duration = Duration::from_millis(800);

/// SeaORM's connections. Statements go through it as through a `DatabaseConnection`, but none
/// waits for a server that stands still: the server's own limits stand still with it.
#[derive(Clone, Debug)]
pub struct Pool {
    connections: DatabaseConnection,
    /// One of its own, for signs of life: that all others are busy is not that the server is away.
    /// Of SQLite none: it is here or nowhere.
    spare: Option<DatabaseConnection>,
}

impl Pool {
    pub(crate) fn new(connections: DatabaseConnection, spare: Option<DatabaseConnection>) -> Self {
        Self { connections, spare }
    }

    /// The connections without that care, for what is no request.
    #[must_use]
    pub fn connections(&self) -> &DatabaseConnection {
        &self.connections
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// When that fails.
    pub async fn close(self) -> Result<(), DbErr> {
        if let Some(spare) = self.spare {
            spare.close().await?;
        }
        self.connections.close().await
    }

    /// Does `work`, which is dropped when it takes over a minute, or when the server gives no
    /// sign of life: whether the last statement was still carried out is then not known.
    ///
    /// # Errors
    /// What the work fails with, or that the server does not answer.
    pub async fn bounded<T, E: From<DbErr>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut work = pin!(work);
        let deadline = Instant::now() + WORK;
        while Instant::now() < deadline {
            if let Ok(outcome) = timeout(QUIET, &mut work).await {
                return outcome;
            }
            tokio::select! {
                outcome = &mut work => return outcome,
                is_alive = self.is_alive() => if !is_alive {
                    let silence = "the server gives no sign of life".to_owned();
                    return Err(DbErr::Conn(RuntimeErr::Internal(silence)).into());
                }
            }
        }
        let slowness = "the work took over a minute".to_owned();
        Err(DbErr::Exec(RuntimeErr::Internal(slowness)).into())
    }

    async fn is_alive(&self) -> bool {
        match &self.spare {
            Some(spare) => matches!(timeout(SIGN_OF_LIFE, spare.ping()).await, Ok(Ok(()))),
            None => true,
        }
    }
}

#[async_trait]
impl ConnectionTrait for Pool {
    fn get_database_backend(&self) -> DbBackend {
        self.connections.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.bounded(self.connections.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.bounded(self.connections.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.bounded(self.connections.query_one_raw(statement))
            .await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.bounded(self.connections.query_all_raw(statement))
            .await
    }
}
