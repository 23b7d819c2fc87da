//! The limits of a server for its connections, with the defaults.

use std::time::Duration;

/// How long a client may still send after the last response of a connection.
pub(super) const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// Set by the methods of [`Server`](super::Server) that have these names.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// From the first byte of a head (on a new connection, from its beginning) to its last.
    pub(super) header_read_timeout: Duration,
    /// From an answer to the first byte of the next request; over HTTP/2, without a stream.
    pub(super) idle_timeout: Duration,
    /// Without a byte of an answer being taken.
    pub(super) write_timeout: Duration,
    pub(super) max_header_bytes: u32,
    pub(super) max_headers: usize,
    pub(super) max_concurrent_streams: u32,
    /// When an HTTP/2 client is asked whether it is still there, and how long it has to answer.
    pub(super) http2_keep_alive: (Duration, Duration),
    pub(super) max_connections: usize,
    pub(super) max_connections_per_peer: usize,
    pub(super) shutdown_delay: Duration,
    pub(super) shutdown_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(15),
            write_timeout: Duration::from_secs(10),
            max_header_bytes: 16 * 1024,
            max_headers: Self::HYPER_MAX_HEADERS,
            max_concurrent_streams: 100,
            http2_keep_alive: (Duration::from_secs(10), Duration::from_secs(5)),
            max_connections: 10_000,
            max_connections_per_peer: 1_000,
            shutdown_delay: Duration::ZERO,
            shutdown_timeout: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// hyper has room for these on its stack; any other number is allocated for each request.
    pub(super) const HYPER_MAX_HEADERS: usize = 100;
}
