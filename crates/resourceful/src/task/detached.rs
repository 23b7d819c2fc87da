//! Unsafe requests that outlive their clients: each runs to its end, and has a place meanwhile.
//!
//! None is ever cut to make room. Where there is no place left, new unsafe requests are refused
//! before they begin: those of a client that has its share, and everybody's when all are taken.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use crate::error::Error;
use crate::proto::connection_info::client_of;

/// Over HTTP/2 a client can reset a request and send the next; without a bound it could have any
/// number of them running.
const PLACES: usize = 1_000;

/// So many of them one client can take. What it has begun beyond that runs on without a place: a
/// client that had many requests at a time and goes away does not take those of others.
const SHARE: usize = 100;

/// The requests of an application that run without their clients.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detached {
    tasks: TaskTracker,
    places: Arc<Mutex<Places>>,
}

#[derive(Debug, Default)]
struct Places {
    taken: usize,
    /// How many requests of each client run. One that nobody knows (another server handed its
    /// request over, or it came over a Unix socket) may have all places: it stands for many.
    clients: HashMap<Option<IpAddr>, usize>,
}

impl Detached {
    /// May a further unsafe request of this client begin?
    ///
    /// # Errors
    /// Not now: 503.
    pub(crate) fn admit(&self, client: impl FnOnce() -> Option<IpAddr>) -> Result<(), Error> {
        // Nearly always.
        if self.tasks.is_empty() {
            return Ok(());
        }
        if self.places().has_one_for(client().map(client_of)) {
            return Ok(());
        }
        Err(busy())
    }

    /// Runs a request of this client to its end in a task of its own.
    pub(crate) fn spawn(
        &self,
        client: Option<IpAddr>,
        work: impl Future<Output = ()> + Send + 'static,
        runtime: &Handle,
    ) {
        let place = self.place(client.map(client_of));
        let work = async move {
            work.await;
            drop(place);
        };
        self.tasks.spawn_on(work, runtime);
    }

    fn place(&self, client: Option<IpAddr>) -> Place {
        self.places().enter(client);
        let places = Arc::clone(&self.places);
        Place { places, client }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        lock(&self.places)
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Waits until all have come to their end.
    pub(crate) async fn wait(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// 503: so many requests run without their clients that nothing new is begun.
pub(crate) fn busy() -> Error {
    Error::unavailable(Duration::from_secs(1))
        .with_detail("Too many abandoned requests are still running. Nothing was begun; try again.")
}

impl Places {
    fn has_one_for(&self, client: Option<IpAddr>) -> bool {
        let count = self.clients.get(&client).copied().unwrap_or_default();
        self.taken < PLACES && count < share(client)
    }

    fn enter(&mut self, client: Option<IpAddr>) {
        let count = self.clients.entry(client).or_default();
        self.taken += usize::from(*count < share(client));
        *count += 1;
    }

    fn leave(&mut self, client: Option<IpAddr>) {
        let Some(count) = self.clients.get_mut(&client) else {
            return;
        };
        *count -= 1;
        self.taken -= usize::from(*count < share(client));
        if *count == 0 {
            self.clients.remove(&client);
        }
    }
}

fn share(client: Option<IpAddr>) -> usize {
    client.map_or(PLACES, |_| SHARE)
}

fn lock(places: &Mutex<Places>) -> MutexGuard<'_, Places> {
    places.lock().unwrap_or_else(PoisonError::into_inner)
}

/// That of one request, until it is dropped.
struct Place {
    places: Arc<Mutex<Places>>,
    client: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.places).leave(self.client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u8) -> IpAddr {
        [192, 0, 2, number].into()
    }

    #[test]
    fn a_client_has_its_share_and_no_more() {
        let mut places = Places::default();
        for _ in 0..PLACES {
            places.enter(Some(client(1)));
        }
        assert!(!places.has_one_for(Some(client(1))));
        assert!(places.has_one_for(Some(client(2))));
        for _ in SHARE..=PLACES {
            places.leave(Some(client(1)));
        }
        assert!(places.has_one_for(Some(client(1))));
        places.enter(Some(client(1)));
        assert!(!places.has_one_for(Some(client(1))));
    }

    #[test]
    fn all_together_have_so_many() {
        let mut places = Places::default();
        for number in 0..10 {
            for _ in 0..SHARE {
                assert!(places.has_one_for(Some(client(number))));
                places.enter(Some(client(number)));
            }
        }
        assert!(!places.has_one_for(Some(client(99))));
        assert!(!places.has_one_for(None));
        places.leave(Some(client(0)));
        assert!(places.has_one_for(Some(client(99))));
        for number in 0..10 {
            for _ in usize::from(number == 0)..SHARE {
                places.leave(Some(client(number)));
            }
        }
        assert_eq!(places.taken, 0);
        assert!(places.clients.is_empty());
    }

    #[test]
    fn clients_that_nobody_knows_share_all_places() {
        let mut places = Places::default();
        for _ in 0..PLACES {
            assert!(places.has_one_for(None));
            places.enter(None);
        }
        assert!(!places.has_one_for(None));
        assert!(!places.has_one_for(Some(client(1))));
    }
}
