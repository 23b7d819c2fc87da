//! Limits the number of connections of one client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::proto::connection_info::client_key;

/// The number of open connections of each client.
#[derive(Clone, Debug, Default)]
pub(super) struct PeerLimit(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// Counts as one connection of a client until dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit {
    peers: PeerLimit,
    client: IpAddr,
}

impl PeerLimit {
    /// A permit for one more connection of this client; `None` if it has `limit` connections.
    pub(super) fn acquire(&self, address: IpAddr, limit: usize) -> Option<ConnectionPermit> {
        let client = client_key(address);
        let mut peers = self.lock();
        let count = peers.entry(client).or_default();
        if *count >= limit {
            return None;
        }
        *count += 1;
        drop(peers);
        let peers = self.clone();
        Some(ConnectionPermit { peers, client })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut peers = self.peers.lock();
        if let Some(count) = peers.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                peers.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_at_most_limit_connections() {
        let peers = PeerLimit::default();
        let acquire = |address: &str| peers.acquire(address.parse().unwrap(), 2);
        let first = acquire("192.0.2.1").unwrap();
        let second = acquire("::ffff:192.0.2.1").unwrap();
        assert!(acquire("192.0.2.1").is_none());
        acquire("192.0.2.2").unwrap();
        drop(first);
        let third = acquire("192.0.2.1").unwrap();
        drop((second, third));
        assert!(peers.lock().is_empty());
    }

    #[test]
    fn a_64_bit_network_of_ipv6_is_one_client() {
        let peers = PeerLimit::default();
        let acquire = |address: &str| peers.acquire(address.parse().unwrap(), 2);
        let _both = (
            acquire("2001:db8::1").unwrap(),
            acquire("2001:db8::ffff:1").unwrap(),
        );
        assert!(acquire("2001:db8::2").is_none());
        acquire("2001:db8:0:1::1").unwrap();
    }
}
