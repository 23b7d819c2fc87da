//! The server: from a socket to a call of the application, and back.
//!
//! A connection walks through these files:
//!
//! | step | file |
//! |---|---|
//! | 1 accept, limit the connections of a client; drain at the end | `accept`, `peer_limit`, `drain` |
//! | 2 TLS handshake, protocol detection | `connection`, `io`, `tls` |
//! | 3 drive hyper until the client, the drain or the watchdog ends it | `driver`, `watchdog` |
//! | 4 read requests, call the application, write responses | `http1`, `http2` |
//!
//! The files `http1_*` and `http2_*` belong to one protocol. `connection_state` holds the state
//! that the steps share, `config` the timeouts and limits, `application` the interface to the
//! application.

mod accept;
#[cfg(feature = "tower")]
pub(crate) mod any_service;
pub(crate) mod application;
mod chunked_body;
mod close_reason;
mod config;
mod connection;
mod connection_state;
mod drain;
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
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;

use crate::error::{Error, Result};

use self::accept::{Acceptor, ServeConnection};
use self::application::Application;
pub use self::config::ServerConfig;
pub use self::listener::Listener;

/// An application with its sockets, timeouts and limits, ready to run.
///
/// Every limit has a default. [`config`](Self::config) sets all of them; the other methods set those
/// that are changed most.
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
    application: Arc<dyn ServeConnection>,
    listeners: Vec<Listener>,
    config: ServerConfig,
}

impl Server {
    pub(crate) fn serving(application: impl Application, listener: Listener) -> Self {
        Self {
            application: Arc::new(application),
            listeners: vec![listener],
            config: ServerConfig::default(),
        }
    }

    /// Serves on a further socket.
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

    /// The address of the first TCP socket; `0.0.0.0:0` without a TCP socket.
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
        let unspecified = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        let mut addresses = self.listeners.iter().filter_map(Listener::local_addr);
        addresses.next().unwrap_or(unspecified)
    }

    /// Sets all timeouts and limits at once.
    ///
    /// # Examples
    /// ```
    /// use resourceful::ServerConfig;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let server = resourceful::App::new().bind("127.0.0.1:0").await?;
    /// let config: ServerConfig = serde_json::from_str(r#"{"shutdown_timeout": "25s"}"#).unwrap();
    /// let server = server.config(config);
    /// # Ok(())
    /// # }
    /// ```
    pub fn config(mut self, config: ServerConfig) -> Self {
        self.config = config;
        self
    }

    /// Maximum time for the head of a request (default 10 s). See
    /// [`ServerConfig::header_read_timeout`].
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
        self.config.header_read_timeout = time;
        self
    }

    /// Maximum time between two requests of a connection (default 15 s). See
    /// [`ServerConfig::idle_timeout`].
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
        self.config.idle_timeout = time;
        self
    }

    /// Maximum time in which a client reads no byte of a response (default 10 s). See
    /// [`ServerConfig::write_timeout`].
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
        self.config.write_timeout = time;
        self
    }

    /// Interval of HTTP/2 pings (default 10 s), and the time for their reply (default 5 s). See
    /// [`ServerConfig::http2_keep_alive_interval`].
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
        self.config.http2_keep_alive_interval = interval;
        self.config.http2_keep_alive_timeout = timeout;
        self
    }

    /// Maximum size of the head of a request in bytes (default 16,384). See
    /// [`ServerConfig::max_header_bytes`].
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
        self.config.max_header_bytes = bytes;
        self
    }

    /// Maximum number of header fields of a request (default 100). See
    /// [`ServerConfig::max_headers`].
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
        self.config.max_headers = fields;
        self
    }

    /// Maximum number of concurrent requests of an HTTP/2 connection (default 100). See
    /// [`ServerConfig::max_concurrent_streams`].
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
        self.config.max_concurrent_streams = requests;
        self
    }

    /// Maximum number of open connections (default 10,000). See [`ServerConfig::max_connections`].
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
        self.config.max_connections = connections;
        self
    }

    /// Maximum number of connections of one client (default 1,000). See
    /// [`ServerConfig::max_connections_per_peer`].
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
        self.config.max_connections_per_peer = connections;
        self
    }

    /// Time from the request to stop until the shutdown begins (default 0 s). See
    /// [`ServerConfig::shutdown_delay`].
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
        self.config.shutdown_delay = time;
        self
    }

    /// Maximum time for running requests to finish at the shutdown (default 10 s). See
    /// [`ServerConfig::shutdown_timeout`].
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
        self.config.shutdown_timeout = time;
        self
    }

    /// Serves until SIGINT or SIGTERM, then finishes running requests
    /// ([`shutdown_timeout`](Self::shutdown_timeout)). A second signal ends the server at once. With
    /// the feature `systemd`, systemd is notified when the server is ready and when it stops.
    ///
    /// A second server in the same process, for example for metrics, uses
    /// [`run_until`](Self::run_until).
    ///
    /// # Errors
    /// The error of a start hook; requests that were aborted.
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
        let (stop, abort) = signal::shutdown_signals().map_err(Error::internal)?;
        let started = || {
            #[cfg(feature = "systemd")]
            systemd::notify_ready();
        };
        let stop = async {
            stop.await;
            #[cfg(feature = "systemd")]
            systemd::notify_stopping();
        };
        self.run_until_aborted(started, stop, abort).await
    }

    /// Serves until `stop` is ready, then finishes running requests.
    ///
    /// # Errors
    /// The error of a start hook; requests that were aborted.
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
        self.run_until_aborted(|| {}, stop, std::future::pending())
            .await
    }

    /// Calls `started` after the start hooks. When `abort` is ready, running requests are aborted.
    async fn run_until_aborted(
        self,
        started: impl FnOnce(),
        stop: impl Future<Output = ()>,
        abort: impl Future<Output = ()>,
    ) -> Result<()> {
        // `abort` may be polled again after it was ready.
        let (mut stop, mut abort) = (pin!(stop), pin!(abort.fuse()));
        let application = Arc::clone(&self.application);
        let is_started = tokio::select! {
            biased;
            result = application.start() => result.map(|()| true),
            // Stopped before the start hooks are done.
            () = &mut stop => Ok(false),
        };
        let result = match is_started {
            Ok(true) => {
                started();
                self.serve_until(stop, abort.as_mut()).await
            }
            Ok(false) => Ok(()),
            Err(error) => Err(error),
        };
        tokio::select! {
            biased;
            () = application.stop() => result,
            () = abort => Err(Error::internal("stopped before the stop hooks were done")),
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
        let mut acceptor = Acceptor::new(self.application, self.listeners, self.config);
        let mut abort = pin!(abort);
        tokio::select! {
            () = acceptor.accept_until(stop) => {}
            // A second signal within the shutdown delay.
            () = &mut abort => return acceptor.drain(std::future::ready(())).await,
        }
        acceptor.drain(abort).await
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("listeners", &self.listeners)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
