//! [`Connection`]: a connection with its prepared statements, and [`Connections`], which makes those of a pool.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deadpool::managed::{Manager, Metrics, RecycleError, RecycleResult};
use hashlink::LruCache;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, Error, Statement};

use crate::postgres::tls::Tls;

/// Statements that stay prepared on a connection, as on one of SQLite. A client chooses which filters it combines,
/// so there may be more, and each takes memory of the server.
const PREPARED_STATEMENTS: usize = 256;

/// The pool's connections to one server.
#[derive(Debug)]
pub(super) struct Connections {
    config: Config,
    tls: Tls,
    generation: Arc<AtomicU64>,
}

impl Connections {
    pub(super) fn new(config: Config, tls: Tls) -> Self {
        Self {
            config,
            tls,
            generation: Arc::default(),
        }
    }
}

/// A connection is boxed, since each future that uses one has it inside.
impl Manager for Connections {
    type Type = Box<Connection>;
    type Error = Error;

    async fn create(&self) -> Result<Box<Connection>, Error> {
        // The future of a handshake is large, and each request has its place for it.
        let (client, connection) = Box::pin(self.config.connect(self.tls.0.clone())).await?;
        let task = tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::warn!(
                    error = error.to_string(),
                    "a connection to the database has ended"
                );
            }
        });
        Ok(Box::new(Connection {
            client,
            task,
            prepared: Mutex::new(Prepared {
                generation: 0,
                statements: LruCache::new(PREPARED_STATEMENTS),
            }),
            generation: Arc::clone(&self.generation),
        }))
    }

    async fn recycle(&self, connection: &mut Box<Connection>, _: &Metrics) -> RecycleResult<Error> {
        if connection.client.is_closed() {
            return Err(RecycleError::message("the connection is closed"));
        }
        Ok(())
    }
}

/// A connection with the statements that are prepared on it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) client: Client,
    task: JoinHandle<()>,
    prepared: Mutex<Prepared>,
    /// The number of times that all statements of all connections were forgotten.
    generation: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Prepared {
    /// The generation of the statements.
    generation: u64,
    statements: LruCache<Arc<str>, Statement>,
}

impl Connection {
    /// The statement with this text, prepared if it is not yet.
    pub(super) async fn prepare(&self, sql: &Arc<str>) -> Result<Statement, Error> {
        if let Some(statement) = self.prepared().statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        let mut prepared = self.prepared();
        prepared
            .statements
            .insert(Arc::clone(sql), statement.clone());
        Ok(statement)
    }

    /// Forgets the prepared statements of all connections.
    pub(super) fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::Relaxed);
    }

    fn prepared(&self) -> MutexGuard<'_, Prepared> {
        let prepared = self.prepared.lock();
        let mut prepared = prepared.unwrap_or_else(PoisonError::into_inner);
        let generation = self.generation.load(Ordering::Relaxed);
        if prepared.generation != generation {
            prepared.generation = generation;
            prepared.statements.clear();
        }
        prepared
    }
}

/// The server ends what the connection has begun when it is closed, and not when a statement has ended.
impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}
