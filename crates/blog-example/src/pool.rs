//! The connection pool, with a timeout for unresponsive servers.

use std::pin::pin;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement,
};
use tokio::time::{Instant, timeout};

/// Time limit for work on the database, as `command_timeout` of asyncpg.
const WORK_TIMEOUT: Duration = Duration::from_mins(1);

/// Interval at which a slow statement causes a ping of the server.
const PING_INTERVAL: Duration = Duration::from_secs(1);
/// Time limit for the ping.
const PING_TIMEOUT: Duration = Duration::from_millis(800);

/// SeaORM's connections. Run statements on it as on a `DatabaseConnection`. A statement does not wait for
/// a server that hangs; such a server does not enforce its own timeouts.
#[derive(Clone, Debug)]
pub struct Pool {
    connections: DatabaseConnection,
    /// A separate connection for pings, because the others may all be busy. `None` for SQLite, which
    /// has no server.
    ping_connection: Option<DatabaseConnection>,
}

impl Pool {
    pub(crate) fn new(
        connections: DatabaseConnection,
        ping_connection: Option<DatabaseConnection>,
    ) -> Self {
        Self {
            connections,
            ping_connection,
        }
    }

    /// The connections without this timeout, for work outside of requests.
    #[must_use]
    pub fn connections(&self) -> &DatabaseConnection {
        &self.connections
    }

    /// Closes all connections.
    ///
    /// # Errors
    /// If closing fails.
    pub async fn close(self) -> Result<(), DbErr> {
        if let Some(connection) = self.ping_connection {
            connection.close().await?;
        }
        self.connections.close().await
    }

    /// Runs `work`. Drops it if it takes over a minute, or if the server does not reply to a ping. It is
    /// then unknown whether the server executed the last statement.
    ///
    /// # Errors
    /// The error of the work, or an error if the server does not reply.
    pub async fn bounded<T, E: From<DbErr>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let mut work = pin!(work);
        let deadline = Instant::now() + WORK_TIMEOUT;
        while Instant::now() < deadline {
            if let Ok(result) = timeout(PING_INTERVAL, &mut work).await {
                return result;
            }
            tokio::select! {
                result = &mut work => return result,
                is_alive = self.is_alive() => if !is_alive {
                    let message = "the server does not reply".to_owned();
                    return Err(DbErr::Conn(RuntimeErr::Internal(message)).into());
                }
            }
        }
        let message = "the work took over a minute".to_owned();
        Err(DbErr::Exec(RuntimeErr::Internal(message)).into())
    }

    async fn is_alive(&self) -> bool {
        match &self.ping_connection {
            Some(connection) => {
                matches!(timeout(PING_TIMEOUT, connection.ping()).await, Ok(Ok(())))
            }
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
