//! How many connections one client has.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::proto::connection_info::client_key;

/// The connections of each client that has some.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection of a client, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    peers: Peers,
    client: IpAddr,
}

impl Peers {
    /// A place for one more connection of this client, if it has fewer than `limit`.
    ///
    /// # Errors
    /// It has as many.
    pub(super) fn place(&self, address: IpAddr, limit: usize) -> Result<Place, TooMany> {
        let client = client_key(address);
        let mut peers = self.lock();
        let count = peers.entry(client).or_default();
        if *count >= limit {
            return Err(TooMany);
        }
        *count += 1;
        drop(peers);
        let peers = self.clone();
        Ok(Place { peers, client })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMany;

impl Drop for Place {
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
    fn a_client_has_so_many_places_and_no_more() {
        let peers = Peers::default();
        let place = |text: &str| peers.place(text.parse().unwrap(), 2);
        let first = place("192.0.2.1").unwrap();
        let second = place("::ffff:192.0.2.1").unwrap();
        assert_eq!(place("192.0.2.1").unwrap_err(), TooMany);
        place("192.0.2.2").unwrap();
        drop(first);
        let third = place("192.0.2.1").unwrap();
        drop((second, third));
        assert!(peers.lock().is_empty());

        let _both = (
            place("2001:db8::1").unwrap(),
            place("2001:db8::ffff:1").unwrap(),
        );
        assert_eq!(place("2001:db8::2").unwrap_err(), TooMany);
        place("2001:db8:0:1::1").unwrap();
    }
}
