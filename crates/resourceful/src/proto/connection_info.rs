//! Where a request came in: over which connection, and who is at its other end.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// What the server knows of a request's connection; a request that some other server hands over
/// has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionInfo {
    /// `None` over a Unix socket.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) is_encrypted: bool,
    /// The client, where an application around this one knows it.
    pub(crate) client: Option<IpAddr>,
}

/// What an application tells one that is mounted in it: an extension of the request.
#[derive(Clone, Debug)]
pub(crate) struct Mounted {
    pub(crate) origin: Option<ConnectionInfo>,
    /// What stands before the paths that the inner one sees.
    pub(crate) root_path: Arc<str>,
}

/// Whoever has an IPv6 address has all of its /64, so that is one client.
pub(crate) fn client_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            Ipv6Addr::from(network).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}
