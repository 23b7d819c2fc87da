//! Where a request came in: over which connection, and who is at its other end.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// What the server knows of a request's connection; a request that some other server hands over
/// has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    /// `None` over a Unix socket.
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) is_encrypted: bool,
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
