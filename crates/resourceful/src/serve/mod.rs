//! Sockets: accept, serve, drain.

mod connection;
mod flood;
mod head;
mod pace;
mod refusal;
mod signal;
mod socket;
mod stream;

use std::fmt::Debug;
use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, ToSocketAddrs};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::error::{Error, Result};
use crate::lifespan::Lifespan;
use crate::origin::Origin;
use crate::service::AppService;

use self::connection::Connection;
use self::pace::{Clock, Limits};

/// How long requests may run on after the signal to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

const DEFAULT_MAX_CONNECTIONS: usize = 10_000;

/// How long to wait after a failed accept (no descriptors left): 50 ms, doubling to 1 s.
const ACCEPT_BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// A bound application, not yet serving.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let server = App::new().bind("127.0.0.1:0").await?;
/// assert!(server.local_addr().port() > 0);
/// server.run_until(async {}).await // stops at once
/// # }
/// ```
#[must_use = "a server serves nothing until it is run"]
pub struct Server {
    service: AppService,
    lifespan: Lifespan,
    listener: TcpListener,
    address: SocketAddr,
    limits: Limits,
    max_connections: usize,
}

impl Server {
    pub(crate) async fn bind(
        service: AppService,
        lifespan: Lifespan,
        address: impl ToSocketAddrs + Debug,
    ) -> Result<Self> {
        let asked = format!("{address:?}");
        let listener = TcpListener::bind(address).await;
        let listener = listener
            .map_err(|error| Error::internal(format!("cannot listen on {asked}: {error}")))?;
        let address = listener.local_addr().map_err(Error::internal)?;
        Ok(Self {
            service,
            lifespan,
            listener,
            address,
            limits: Limits::default(),
            max_connections: DEFAULT_MAX_CONNECTIONS,
        })
    }

    /// The address it listens on.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// assert!(server.local_addr().ip().is_loopback());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// How long a client has from the first byte of a request to the end of its head: 10 s. Then
    /// it is told 408 and the connection is closed. (HTTP/1; limits are checked by a clock and
    /// may be passed by an eighth.)
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.header_timeout(Duration::from_secs(5));
    /// # Ok(())
    /// # }
    /// ```
    pub fn header_timeout(mut self, time: Duration) -> Self {
        self.limits.header = time;
        self
    }

    /// How long a connection is kept after an answer, for a next request: 15 s. (HTTP/1; a
    /// client of HTTP/2 is asked after 10 s whether it is still there.)
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.idle_timeout(Duration::from_secs(60));
    /// # Ok(())
    /// # }
    /// ```
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.limits.idle = time;
        self
    }

    /// How long a client may leave an answer unread: 10 s without a byte taken. Then the
    /// connection is cut off. (HTTP/1)
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.write_timeout(Duration::from_secs(30));
    /// # Ok(())
    /// # }
    /// ```
    pub fn write_timeout(mut self, time: Duration) -> Self {
        self.limits.write = time;
        self
    }

    /// How many connections are open at the same time: 10,000. Further ones wait in the system's
    /// queue until one is closed.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.max_connections(500);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// Serves until SIGINT or SIGTERM, then finishes what runs, for at most ten seconds; a second
    /// signal ends it at once.
    ///
    /// # Errors
    /// What a start hook failed with; that requests had to be abandoned.
    ///
    /// # Examples
    /// ```no_run
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// server.run().await
    /// # }
    /// ```
    pub async fn run(self) -> Result<()> {
        let (stop, abort) = signal::asked_to_stop().map_err(Error::internal)?;
        self.run_until_asked(stop, abort).await
    }

    /// Serves until `stop` is ready, then finishes what runs, for at most ten seconds.
    ///
    /// # Errors
    /// What a start hook failed with; that requests had to be abandoned.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// server.run_until(async {}).await // stops at once
    /// # }
    /// ```
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> Result<()> {
        self.run_until_asked(stop, std::future::pending()).await
    }

    /// `abort` is ready when what runs is not to be finished any more.
    async fn run_until_asked(
        mut self,
        stop: impl Future<Output = ()>,
        abort: impl Future<Output = ()>,
    ) -> Result<()> {
        let mut lifespan = std::mem::take(&mut self.lifespan);
        let outcome = match lifespan.start().await {
            Ok(()) => self.accept_until(stop, abort).await,
            Err(error) => Err(error),
        };
        lifespan.stop().await;
        outcome
    }

    async fn accept_until(
        self,
        stop: impl Future<Output = ()>,
        abort: impl Future<Output = ()>,
    ) -> Result<()> {
        tracing::info!(address = %self.address, "listening");
        let (draining, drain) = watch::channel(());
        let mut connections = JoinSet::new();
        let streams = TaskTracker::new();
        let clock = Clock::default();
        let ticking = AbortOnDropHandle::new(tokio::spawn(clock.clone().run(self.limits)));
        let mut stop = std::pin::pin!(stop);
        let mut backoff = ACCEPT_BACKOFF.0;
        loop {
            let has_room = connections.len() < self.max_connections;
            tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept(), if has_room => match accepted {
                    Ok((stream, peer)) => {
                        backoff = ACCEPT_BACKOFF.0;
                        let connection = Connection {
                            stream: stream.into(),
                            origin: Origin { peer: Some(peer), is_encrypted: false },
                            service: self.service.clone(),
                            streams: streams.clone(),
                            pace: clock.watch(),
                        };
                        connections.spawn(connection.serve(drain.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        sleep(backoff).await;
                        backoff = (backoff * 2).min(ACCEPT_BACKOFF.1);
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(self.listener);
        tracing::info!(connections = connections.len(), "draining");
        drop(draining);
        let detached = &self.service.settings().detached;
        let finish = async {
            while connections.join_next().await.is_some() {}
            // A stream that ends may leave its request behind, so they are waited for first.
            streams.close();
            streams.wait().await;
            detached.close();
            detached.wait().await;
        };
        let is_finished = tokio::select! {
            outcome = timeout(DRAIN_TIMEOUT, finish) => outcome.is_ok(),
            () = abort => false,
        };
        drop(ticking);
        if is_finished {
            tracing::info!("stopped");
            return Ok(());
        }
        let left = connections.len() + streams.len() + detached.len();
        Err(Error::internal(format!(
            "stopped with {left} connections or requests unfinished"
        )))
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
