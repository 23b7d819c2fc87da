//! The settings of a server, with their defaults.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration;
use serde::Deserialize;

/// Maximum time in which the server still reads after the last response of a connection.
pub(super) const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// hyper has room for 100 header fields on its stack; any other number is allocated for each
/// request.
pub(super) const HYPER_MAX_HEADERS: usize = 100;

/// Timeouts and limits of a [`Server`](crate::Server): values that an operator may set.
///
/// It can be read from a file or the environment by any format of serde. A missing field has its
/// default, and an unknown one is an error. A duration is a text with a unit, such as `"10s"`,
/// `"1m 30s"` or `"500ms"` (the [friendly format](https://docs.rs/jiff/latest/jiff/fmt/friendly/) of
/// jiff), or ISO 8601 (`"PT10S"`).
///
/// # Examples
/// ```
/// use std::time::Duration;
///
/// use resourceful::{App, ServerConfig};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// let mut config = ServerConfig::default();
/// config.idle_timeout = Duration::from_secs(75);
/// let server = App::new().bind("127.0.0.1:0").await?.config(config);
///
/// let config: ServerConfig = serde_json::from_str(r#"{"idle_timeout": "75s"}"#).unwrap();
/// assert_eq!(config.idle_timeout, Duration::from_secs(75));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Maximum time for the head of a request, from its first byte (default 10 s). On a new
    /// connection it counts from the start and includes the TLS handshake.
    ///
    /// A slower client gets 408 and the connection is closed; over HTTP/2 it counts for the start
    /// of the connection alone. The check may be late by an eighth, at most 1 s.
    #[serde(with = "unsigned_duration::required")]
    pub header_read_timeout: Duration,
    /// Maximum time between a response and the next request on a connection (default 15 s). Then
    /// the connection is closed; an HTTP/2 client gets a GOAWAY (RFC 9113 section 6.8), also if it
    /// has sent no request.
    ///
    /// Behind a proxy that keeps connections open, set it higher than the timeout of the proxy.
    /// Otherwise a request may meet a connection that is being closed.
    #[serde(with = "unsigned_duration::required")]
    pub idle_timeout: Duration,
    /// Maximum time in which a client reads no byte of a response (default 10 s). Then the
    /// connection is closed, over HTTP/2 first the stream.
    #[serde(with = "unsigned_duration::required")]
    pub write_timeout: Duration,
    /// Time without a frame after which an HTTP/2 client gets a ping (default 10 s).
    #[serde(with = "unsigned_duration::required")]
    pub http2_keep_alive_interval: Duration,
    /// Maximum time for the reply to that ping (default 5 s). Then the connection is closed.
    #[serde(with = "unsigned_duration::required")]
    pub http2_keep_alive_timeout: Duration,
    /// Maximum size of the head of a request in bytes (default 16,384). A larger head gets 431, or
    /// 414 if the request line is the reason.
    pub max_header_bytes: u32,
    /// Maximum number of header fields of an HTTP/1 request (default 100). More get 431. Over
    /// HTTP/2 `max_header_bytes` limits them.
    pub max_headers: usize,
    /// Maximum number of concurrent requests of an HTTP/2 connection (default 100).
    ///
    /// A request that is not safe (`POST`, `PUT`, ..) counts until it has run to its end, even if
    /// its client has reset it; further ones get 503 meanwhile.
    pub max_concurrent_streams: u32,
    /// Maximum number of open connections (default 10,000; at least 1). Further ones wait in the
    /// queue of the operating system.
    pub max_connections: usize,
    /// Maximum number of connections of one client (default 1,000; at least 1). Further ones are
    /// closed at once.
    ///
    /// An IPv4 address is a client, and so is a /64 network of IPv6. Clients on the same machine
    /// are exempt, because they may be a proxy. A proxy on another machine needs a higher limit.
    pub max_connections_per_peer: usize,
    /// Time from the request to stop until the shutdown begins (default 0 s). Meanwhile requests
    /// are served, and `/readyz` responds with 503: load balancers take some time to notice. Each
    /// response over HTTP/1 closes its connection, so that the next request goes elsewhere.
    #[serde(with = "unsigned_duration::required")]
    pub shutdown_delay: Duration,
    /// Maximum time for running requests to finish during the shutdown (default 10 s). Then they
    /// are aborted, and [`Server::run`](crate::Server::run) returns an error.
    ///
    /// For a tenth of this time, and at most 2 s, a client over HTTP/1 that has sent no request yet, or
    /// a part of a head, may still send it.
    #[serde(with = "unsigned_duration::required")]
    pub shutdown_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            header_read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(10),
            http2_keep_alive_interval: Duration::from_secs(10),
            http2_keep_alive_timeout: Duration::from_secs(5),
            max_header_bytes: 16 * 1024,
            max_headers: HYPER_MAX_HEADERS,
            max_concurrent_streams: 100,
            max_connections: 10_000,
            max_connections_per_peer: 1_000,
            shutdown_delay: Duration::ZERO,
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}
