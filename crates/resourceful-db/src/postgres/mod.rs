//! PostgreSQL by tokio-postgres, in deadpool's pool.

mod client;
mod connection;
mod dedicated;
mod error;
mod notifications;
mod tls;
mod transaction;
mod work;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool::managed::{Object, Pool};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::{Config, Row};

use crate::error::{DbError, DbErrorKind};
use crate::metrics;
use crate::options::DbOptions;
use crate::place::Place;
use crate::postgres::client::{Client, State};
use crate::postgres::connection::Connections;
use crate::postgres::tls::Tls;
use crate::postgres::work::{Batch, Both, Execution, Rows, Work};
use crate::statement::Query;

pub(crate) use self::dedicated::Dedicated;
pub use self::notifications::Notifications;
pub(crate) use self::transaction::Transaction;

/// Interval at which a slow statement causes a ping of the server.
const PING_INTERVAL: Duration = Duration::from_secs(1);
/// Time limit for the ping.
const PING_TIMEOUT: Duration = Duration::from_millis(800);

/// Connections to one server.
#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Pool<Connections>,
    /// A connection for pings alone, because the others may all be busy.
    ping: Pool<Connections>,
    waiting: Arc<AtomicUsize>,
    max_waiting: usize,
    pub(crate) prepared: bool,
    acquire_timeout: Duration,
    statement_timeout: Duration,
    max_transaction_time: Duration,
    config: Config,
    tls: Tls,
}

impl Postgres {
    /// Opens the pool. Connections are opened as they are needed.
    pub(crate) fn open(url: &str, options: &DbOptions) -> Result<Self, DbError> {
        let (mut config, tls) = tls::configure(url)?;
        let acquire_timeout = options
            .acquire_timeout
            .unwrap_or(Duration::from_millis(1500));
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(acquire_timeout);
        }
        if config.get_application_name().is_none() {
            config.application_name("resourceful");
        }
        if options.prepared_statements {
            set_timeouts(&mut config, options);
        }
        let pool = |size| {
            Pool::builder(Connections::new(config.clone(), tls.clone()))
                .max_size(size)
                .build()
                .map_err(|error| DbError::other(error.to_string()))
        };
        Ok(Self {
            pool: pool(options.max_connections)?,
            ping: pool(1)?,
            waiting: Arc::default(),
            max_waiting: options.max_waiting,
            prepared: options.prepared_statements,
            acquire_timeout,
            statement_timeout: options.statement_timeout,
            tls: tls.clone(),
            config: config.clone(),
            max_transaction_time: options.max_transaction_time,
        })
    }

    async fn client(&self) -> Result<Client, DbError> {
        let _place = Place::take(&self.waiting, self.max_waiting)?;
        let started = metrics::now();
        // One limit for all that the pool does: it waits, and then connects.
        let object = timeout(self.acquire_timeout, self.pool.get());
        let object = object.await.map_err(|_| {
            DbError::unavailable("no connection to the database was free or made in time")
        })??;
        metrics::acquired(self.pool.status(), started);
        Ok(self.client_of(object))
    }

    fn client_of(&self, object: Object<Connections>) -> Client {
        Client::new(object, self.prepared, self.tls.clone())
    }

    /// Opens the first connection.
    pub(crate) async fn check(&self) -> Result<(), DbError> {
        self.client().await.map(drop)
    }

    /// The rows of a statement.
    pub(crate) async fn query(&self, query: &Query) -> Result<Vec<Row>, DbError> {
        self.run(query.only_reads, &Rows(query)).await
    }

    /// The rows of two statements that only read, in one round trip.
    pub(crate) async fn query_both(
        &self,
        first: &Query,
        second: &Query,
    ) -> Result<(Vec<Row>, Vec<Row>), DbError> {
        self.run(true, &Both(first, second)).await
    }

    /// Executes a statement and returns the number of changed rows.
    pub(crate) async fn execute(&self, query: &Query) -> Result<u64, DbError> {
        self.run(false, &Execution(query)).await
    }

    /// Executes several statements without parameters, which begin and end no transaction.
    pub(crate) async fn execute_batch(&self, sql: &str) -> Result<u64, DbError> {
        self.run(false, &Batch(sql)).await
    }

    /// A transaction, which begins with its first statement.
    pub(crate) async fn begin(self: &Arc<Self>, begin: String) -> Result<Transaction, DbError> {
        let client = self.client().await?;
        let postgres = Arc::clone(self);
        // Without parameters of the connection, the transaction has them.
        let begin = if self.prepared {
            begin
        } else {
            format!(
                "{begin}; SET LOCAL statement_timeout = {}; \
                 SET LOCAL idle_in_transaction_session_timeout = {}",
                self.statement_timeout.as_millis(),
                self.max_transaction_time.as_millis()
            )
        };
        Ok(Transaction::new(
            postgres,
            client,
            begin,
            self.max_transaction_time,
        ))
    }

    /// A connection for one user, outside of the limits of requests.
    pub(crate) async fn dedicated(&self) -> Result<Dedicated, DbError> {
        Ok(Dedicated::new(self.client().await?))
    }

    /// A connection that hears `NOTIFY`, outside of the pool.
    pub(crate) async fn notifications(&self) -> Result<Notifications, DbError> {
        Notifications::open(self.config.clone(), self.tls.clone()).await
    }

    /// Runs `work` on a connection, once more if it only reads and the connection was lost.
    async fn run<W: Work>(&self, only_reads: bool, work: &W) -> Result<W::Output, DbError> {
        let mut attempts = if only_reads { 2 } else { 1 };
        loop {
            attempts -= 1;
            let mut client = self.client().await?;
            client.state = State::Busy;
            let result = self.while_alive(None, pin!(work.run(&client))).await;
            let is_lost = client.is_closed();
            match &result {
                Err(error) if error.kind() == DbErrorKind::Unavailable => client.discard(),
                _ => client.state = State::Idle,
            }
            if result.is_ok() || !is_lost || attempts == 0 {
                return result;
            }
        }
    }

    /// Awaits `work`, until the end of its transaction and unless the server does not reply to a ping. It is then
    /// unknown whether the server has executed the statement. A server that hangs does not enforce its own timeouts.
    ///
    /// The work is borrowed, since a future is stored twice in an `async fn` that gets it.
    pub(crate) async fn while_alive<T>(
        &self,
        end: Option<Instant>,
        mut work: Pin<&mut impl Future<Output = Result<T, DbError>>>,
    ) -> Result<T, DbError> {
        loop {
            // One timer for both.
            let ping_at = Instant::now() + PING_INTERVAL;
            let timer = end.map_or(ping_at, |end| end.min(ping_at));
            if let Ok(result) = timeout_at(timer, &mut work).await {
                return result;
            }
            check_time(end)?;
            tokio::select! {
                result = &mut work => return result,
                alive = self.ping() => alive?,
            }
        }
    }

    /// Whether the server replies, on a connection of its own.
    pub(crate) async fn ping(&self) -> Result<(), DbError> {
        let silent = || DbError::unavailable("the server does not reply");
        let ping = async {
            loop {
                let mut client = self.client_of(self.ping.get().await?);
                client.state = State::Busy;
                match client.batch("").await {
                    // The server has ended this connection, which does not tell whether it replies to others.
                    Err(_) if client.is_closed() => client.discard(),
                    result => {
                        client.state = State::Idle;
                        return result.map(drop);
                    }
                }
            }
        };
        timeout(PING_TIMEOUT, ping).await.map_err(|_| silent())?
    }

    /// The number of connections, those that are idle, and the requests that wait for one.
    pub(crate) fn pool_status(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        (
            status.size,
            status.available,
            self.waiting.load(Ordering::Relaxed),
        )
    }

    /// Closes the connections that are idle, and the others when they are given back.
    pub(crate) fn close(&self) {
        self.pool.close();
        self.ping.close();
    }
}

/// Whether a transaction may still run.
fn check_time(end: Option<Instant>) -> Result<(), DbError> {
    if end.is_some_and(|end| end <= Instant::now()) {
        return Err(DbError::unavailable(
            "the transaction took too long and is rolled back",
        ));
    }
    Ok(())
}

/// Lets the server enforce the limits, too.
fn set_timeouts(config: &mut Config, options: &DbOptions) {
    let own = config.get_options().unwrap_or_default();
    let timeouts = format!(
        "{own} -c statement_timeout={} -c idle_in_transaction_session_timeout={}",
        options.statement_timeout.as_millis(),
        options.max_transaction_time.as_millis()
    );
    config.options(timeouts.trim_start());
}
