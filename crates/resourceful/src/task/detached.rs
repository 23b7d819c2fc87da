//! Unsafe requests whose clients have disconnected. Each runs to completion and occupies a slot.
//!
//! None is cancelled to free a slot. Without a free slot new unsafe requests are refused before they
//! begin: those of a client that has used up its share, and those of all clients if no slot is left.

use std::collections::HashMap;
use std::future::Future;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use crate::error::Error;
use crate::proto::connection_info::client_key;

/// The number of slots. Over HTTP/2 a client can reset a request and send the next; without a limit it
/// could have any number of requests running.
const MAX_SLOTS: usize = 1_000;

/// The most slots of one client. Its requests beyond that run without a slot, so that a client that
/// disconnects with many requests does not occupy the slots of others.
const MAX_PER_CLIENT: usize = 100;

/// The requests of an application whose clients have disconnected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detached {
    tasks: TaskTracker,
    slots: Arc<Mutex<Slots>>,
}

#[derive(Debug, Default)]
struct Slots {
    used: usize,
    /// The number of running requests by client. `None` (a request from another server or over a Unix
    /// socket) may have all slots, since it stands for many clients.
    clients: HashMap<Option<IpAddr>, usize>,
}

impl Detached {
    /// Checks that a further unsafe request of this client may begin.
    ///
    /// # Errors
    /// 503 if no slot is free.
    pub(crate) fn admit(&self, client: impl FnOnce() -> Option<IpAddr>) -> Result<(), Error> {
        // The usual case.
        if self.tasks.is_empty() {
            return Ok(());
        }
        if self.slots().has_free(client().map(client_key)) {
            return Ok(());
        }
        Err(too_many_detached())
    }

    /// Runs a request of this client to completion in a new task.
    pub(crate) fn spawn(
        &self,
        client: Option<IpAddr>,
        work: impl Future<Output = ()> + Send + 'static,
        runtime: &Handle,
    ) {
        let slot = self.slot(client.map(client_key));
        let work = async move {
            work.await;
            drop(slot);
        };
        self.tasks.spawn_on(work, runtime);
    }

    fn slot(&self, client: Option<IpAddr>) -> Slot {
        self.slots().occupy(client);
        let slots = Arc::clone(&self.slots);
        Slot { slots, client }
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        lock(&self.slots)
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Waits for all tasks.
    pub(crate) async fn wait(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// 503: too many requests run without their clients.
pub(crate) fn too_many_detached() -> Error {
    Error::unavailable(Duration::from_secs(1)).with_detail(
        "Too many abandoned requests are still running. This one was not started; try again.",
    )
}

impl Slots {
    fn has_free(&self, client: Option<IpAddr>) -> bool {
        let count = self.clients.get(&client).copied().unwrap_or_default();
        self.used < MAX_SLOTS && count < max_slots(client)
    }

    fn occupy(&mut self, client: Option<IpAddr>) {
        let count = self.clients.entry(client).or_default();
        self.used += usize::from(*count < max_slots(client));
        *count += 1;
    }

    fn free(&mut self, client: Option<IpAddr>) {
        let Some(count) = self.clients.get_mut(&client) else {
            return;
        };
        *count -= 1;
        self.used -= usize::from(*count < max_slots(client));
        if *count == 0 {
            self.clients.remove(&client);
        }
    }
}

fn max_slots(client: Option<IpAddr>) -> usize {
    client.map_or(MAX_SLOTS, |_| MAX_PER_CLIENT)
}

fn lock(slots: &Mutex<Slots>) -> MutexGuard<'_, Slots> {
    slots.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A slot of one request, freed on drop.
struct Slot {
    slots: Arc<Mutex<Slots>>,
    client: Option<IpAddr>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        lock(&self.slots).free(self.client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: u8) -> IpAddr {
        [192, 0, 2, number].into()
    }

    #[test]
    fn a_client_gets_no_more_than_its_share() {
        let mut slots = Slots::default();
        for _ in 0..MAX_SLOTS {
            slots.occupy(Some(client(1)));
        }
        assert!(!slots.has_free(Some(client(1))));
        assert!(slots.has_free(Some(client(2))));
        for _ in MAX_PER_CLIENT..=MAX_SLOTS {
            slots.free(Some(client(1)));
        }
        assert!(slots.has_free(Some(client(1))));
        slots.occupy(Some(client(1)));
        assert!(!slots.has_free(Some(client(1))));
    }

    #[test]
    fn all_clients_together_get_no_more_than_all_slots() {
        let mut slots = Slots::default();
        for number in 0..10 {
            for _ in 0..MAX_PER_CLIENT {
                assert!(slots.has_free(Some(client(number))));
                slots.occupy(Some(client(number)));
            }
        }
        assert!(!slots.has_free(Some(client(99))));
        assert!(!slots.has_free(None));
        slots.free(Some(client(0)));
        assert!(slots.has_free(Some(client(99))));
        for number in 0..10 {
            for _ in usize::from(number == 0)..MAX_PER_CLIENT {
                slots.free(Some(client(number)));
            }
        }
        assert_eq!(slots.used, 0);
        assert!(slots.clients.is_empty());
    }

    #[test]
    fn unknown_clients_share_all_slots() {
        let mut slots = Slots::default();
        for _ in 0..MAX_SLOTS {
            assert!(slots.has_free(None));
            slots.occupy(None);
        }
        assert!(!slots.has_free(None));
        assert!(!slots.has_free(Some(client(1))));
    }
}
