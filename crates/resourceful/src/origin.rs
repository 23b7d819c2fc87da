//! Where a request came in: over which connection, and who is at its other end.

use std::net::SocketAddr;

/// What the server knows of a request's connection; a request that some other server hands over
/// has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// `None` over a Unix socket.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) is_encrypted: bool,
}
