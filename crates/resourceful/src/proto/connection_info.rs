//! The connection of a request, and the client at its other end.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// The connection of a request: an extension of each request that
/// [`Server`](crate::Server) passes to a tower service (feature `tower`).
///
/// # Examples
/// ```
/// use resourceful::ConnectionInfo;
///
/// fn peer(request: &http::Request<resourceful::Body>) -> Option<std::net::SocketAddr> {
///     request.extensions().get::<ConnectionInfo>()?.peer_addr()
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ConnectionInfo {
    /// `None` over a Unix socket.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) is_encrypted: bool,
    /// The client address, if an outer application has determined it.
    pub(crate) client: Option<IpAddr>,
}

impl ConnectionInfo {
    /// The address of the other end: the client or a proxy; `None` over a Unix socket.
    #[must_use]
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// Does the connection use TLS?
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }
}

/// Request extension from an application to one that is mounted in it.
#[derive(Clone, Debug)]
pub(crate) struct Mounted {
    pub(crate) connection: Option<ConnectionInfo>,
    /// The path prefix that the inner application does not see.
    pub(crate) root_path: Arc<str>,
    /// Whether the request is logged and measured outside the layers of the outer application.
    pub(crate) is_measured: bool,
}

/// The key by which limits count a client: its IPv4 address or IPv6 /64 network, since one client has all
/// of a /64.
pub(crate) fn client_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            Ipv6Addr::from(network).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}
