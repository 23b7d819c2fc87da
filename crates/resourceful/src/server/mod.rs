//! The server: from a socket to a call of the application, and back.
//!
//! A connection walks through these files:
//!
//! | step | file |
//! |---|---|
//! | 1 accept, limit the connections of a client; drain at the end | `accept`, `peer_limit` |
//! | 2 TLS handshake, protocol detection | `connection`, `io`, `tls` |
//! | 3 drive hyper until the client, the drain or the watchdog ends it | `driver`, `watchdog` |
//! | 4 read requests, call the application, write responses | `http1`, `http2` |
//!
//! The files `http1_*` and `http2_*` belong to one protocol. `connection_state` holds the notes that
//! the steps share; `limits` all numbers.

mod accept;
mod chunked_body;
mod close_reason;
mod connection;
mod connection_state;
mod driver;
mod http1;
mod http1_error;
mod http1_framing;
mod http1_io;
mod http1_response;
mod http1_state;
mod http2;
mod http2_flood;
mod http2_state;
mod http2_unsent;
mod http2_write_timeout;
mod io;
mod limits;
mod listener;
mod peer_limit;
mod request_phase;
mod signal;
#[cfg(feature = "systemd")]
mod systemd;
#[cfg(feature = "tls")]
pub(crate) mod tls;
mod watchdog;
mod write_progress;

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::error::{Error, Result};
use crate::service::AppService;
use crate::service::lifespan::Lifespan;

use self::accept::Acceptor;
use self::limits::Limits;
pub use self::listener::Listener;

/// An application with its sockets and limits, ready to run.
///
/// Every limit has a default; the methods change them.
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
    listeners: Vec<Listener>,
    limits: Limits,
}

impl Server {
    pub(crate) fn new(service: AppService, lifespan: Lifespan, listener: Listener) -> Self {
        Self {
            service,
            lifespan,
            listeners: vec![listener],
            limits: Limits::default(),
        }
    }

    /// Serves on a further socket, too.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{App, Listener};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let server = App::new().bind("127.0.0.1:0").await?;
    /// let server = server.listen(Listener::bind("[::1]:0").await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn listen(mut self, listener: impl Into<Listener>) -> Self {
        self.listeners.push(listener.into());
        self
    }

    /// The address of its first TCP socket; `0.0.0.0:0` where it has Unix sockets alone.
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
        let unmatched = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut addresses = self.listeners.iter().filter_map(Listener::local_addr);
        addresses.next().unwrap_or(unmatched)
    }

    /// How long a client has for the head of a request, from its first byte, and on a new
    /// connection from the beginning: 10 s. Then it is told 408 and the connection is closed; an
    /// HTTP/2 client must have begun by then. (The clock may be late by an eighth, at most a
    /// second.)
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.header_read_timeout(Duration::from_secs(5));
    /// # Ok(())
    /// # }
    /// ```
    pub fn header_read_timeout(mut self, time: Duration) -> Self {
        self.limits.header_read_timeout = time;
        self
    }

    /// How long a connection is kept after an answer, for a next request: 15 s. Over HTTP/2, how
    /// long it is kept without a request from its beginning on, too; then the client is told to
    /// go (GOAWAY, RFC 9113 section 6.8).
    ///
    /// Behind a proxy that keeps connections it should be longer than the proxy's own limit, or a
    /// request may meet a connection that is being closed.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.idle_timeout(Duration::from_secs(75));
    /// # Ok(())
    /// # }
    /// ```
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.limits.idle_timeout = time;
        self
    }

    /// How long a client may leave an answer unread: 10 s without a byte taken. Then it is cut
    /// off.
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
        self.limits.write_timeout = time;
        self
    }

    /// When an HTTP/2 client that is silent is asked whether it is still there, and how long it has
    /// to answer: 10 s and 5 s. (HTTP/2)
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.http2_keep_alive(Duration::from_secs(30), Duration::from_secs(10));
    /// # Ok(())
    /// # }
    /// ```
    pub fn http2_keep_alive(mut self, interval: Duration, timeout: Duration) -> Self {
        self.limits.http2_keep_alive = (interval, timeout);
        self
    }

    /// How large the head of a request may be, in bytes: 16 KiB, else 431.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.max_header_bytes(64 * 1024);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_header_bytes(mut self, bytes: u32) -> Self {
        self.limits.max_header_bytes = bytes;
        self
    }

    /// How many header fields a request may have: 100, else 431. (HTTP/1; over HTTP/2 their size
    /// bounds them.)
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.max_headers(200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_headers(mut self, fields: usize) -> Self {
        self.limits.max_headers = fields;
        self
    }

    /// How many requests of one connection are served at the same time: 100. (HTTP/2) An unsafe one
    /// whose client has reset it counts until it has run to its end; further ones get 503 meanwhile.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.max_concurrent_streams(250);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_concurrent_streams(mut self, requests: u32) -> Self {
        self.limits.max_concurrent_streams = requests;
        self
    }

    /// How many connections are open at the same time: 10,000. Further ones wait in the system's
    /// queue until one is closed.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.max_connections(500);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.limits.max_connections = connections.max(1);
        self
    }

    /// How many connections one client may have: 1,000; further ones are closed at once. An
    /// address of IPv4 is a client, and a /64 of IPv6. Who comes from this machine may have more:
    /// it may be a proxy. One elsewhere needs a higher limit.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.max_connections_per_peer(100_000);
    /// # Ok(())
    /// # }
    /// ```
    pub fn max_connections_per_peer(mut self, connections: usize) -> Self {
        self.limits.max_connections_per_peer = connections.max(1);
        self
    }

    /// How long it goes on as before after it was asked to stop, except that `/readyz` says no:
    /// 0 s. For load balancers that take some time to notice.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.shutdown_delay(Duration::from_secs(5));
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown_delay(mut self, time: Duration) -> Self {
        self.limits.shutdown_delay = time;
        self
    }

    /// How long requests may run on once it stops: 10 s. Then they are aborted, and
    /// [`run`](Self::run) fails.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// use std::time::Duration;
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let server = server.shutdown_timeout(Duration::from_secs(25));
    /// # Ok(())
    /// # }
    /// ```
    pub fn shutdown_timeout(mut self, time: Duration) -> Self {
        self.limits.shutdown_timeout = time;
        self
    }

    /// Serves until SIGINT or SIGTERM, then finishes what runs
    /// ([`shutdown_timeout`](Self::shutdown_timeout)); a second signal ends it at once. With the feature
    /// `systemd`, systemd is told when it is ready and when it stops.
    ///
    /// A second server beside it, for numbers say, is run by [`run_until`](Self::run_until).
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
    #[cfg_attr(
        not(feature = "systemd"),
        expect(unused_mut, reason = "systemd adds to it")
    )]
    pub async fn run(mut self) -> Result<()> {
        let (stop, abort) = signal::shutdown_signals().map_err(Error::internal)?;
        #[cfg(feature = "systemd")]
        self.lifespan.push_start(systemd::notify_ready);
        let stop = async {
            stop.await;
            #[cfg(feature = "systemd")]
            systemd::notify_stopping();
        };
        self.run_until_asked(stop, abort).await
    }

    /// Serves until `stop` is ready, then finishes what runs.
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
        // It is asked again after it was ready.
        let (mut stop, mut abort) = (pin!(stop), pin!(abort.fuse()));
        let mut lifespan = std::mem::take(&mut self.lifespan);
        let started = tokio::select! {
            biased;
            started = lifespan.start() => started.map(|()| true),
            // Asked to stop before it has begun.
            () = &mut stop => Ok(false),
        };
        let outcome = match started {
            Ok(true) => self.serve_until(stop, abort.as_mut()).await,
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        tokio::select! {
            biased;
            () = lifespan.stop() => outcome,
            () = abort => Err(Error::internal("stopped before the stop hooks were through")),
        }
    }

    async fn serve_until(
        self,
        stop: impl Future<Output = ()>,
        abort: impl Future<Output = ()>,
    ) -> Result<()> {
        for listener in &self.listeners {
            tracing::info!(address = %listener, "listening");
        }
        let mut acceptor = Acceptor::new(self.service, self.listeners, self.limits);
        let mut abort = pin!(abort);
        tokio::select! {
            () = acceptor.accept_until(stop) => {}
            // Asked twice within the delay.
            () = &mut abort => return acceptor.drain(std::future::ready(())).await,
        }
        acceptor.drain(abort).await
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("listeners", &self.listeners)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
