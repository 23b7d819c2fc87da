//! Computations that are under way: many wait for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use resourceful::{Result, catch_panic};
use tokio::sync::OnceCell;

type Flight = OnceCell<Result<Bytes>>;

/// What is being computed, by key. A flight is gone when it has landed, or when all who waited
/// for it are gone.
#[derive(Debug, Default)]
pub(crate) struct Flights(Mutex<HashMap<String, Arc<Flight>>>);

impl Flights {
    /// What `compute` comes to, or what another's comes to that is under way already. A panic
    /// is an error of all who wait. When the one who computes goes away, the next one does.
    pub(crate) async fn join(
        &self,
        key: &str,
        compute: impl Future<Output = Result<Bytes>>,
    ) -> Result<Bytes> {
        // Declared first, so that it is dropped last: it clears up when the flight was let go.
        let _seat = Seat { flights: self, key };
        let flight = Arc::clone(self.lock().entry(key.to_owned()).or_default());
        let land = async {
            let outcome = catch_panic(compute).await;
            // Who comes from now on finds the value in the store, or computes anew.
            self.lock().remove(key);
            outcome
        };
        flight.get_or_init(|| land).await.clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Flight>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place on a flight. The last one to leave clears it away.
struct Seat<'f> {
    flights: &'f Flights,
    key: &'f str,
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        // The map's own is the only one left.
        if flights
            .get(self.key)
            .is_some_and(|flight| Arc::strong_count(flight) == 1)
        {
            flights.remove(self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use resourceful::{Error, gather};

    use super::*;

    #[tokio::test]
    async fn nothing_is_left_behind() {
        let flights = Flights::default();
        let landed = flights.join("a", async { Ok(Bytes::from("1")) }).await;
        assert_eq!(landed.unwrap(), "1");
        let failed = flights
            .join("a", async { Err(Error::conflict("No.")) })
            .await;
        assert_eq!(failed.unwrap_err().status(), 409);
        let given_up = flights.join("a", std::future::pending());
        let given_up = tokio::time::timeout(Duration::from_millis(1), given_up).await;
        assert!(given_up.is_err());
        assert!(flights.lock().is_empty());
    }

    #[tokio::test]
    async fn a_panic_is_an_error_of_all_who_wait() {
        let flights = Flights::default();
        let computed = AtomicUsize::new(0);
        let compute = async || {
            computed.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            panic!("as told")
        };
        let waiting = (0..10).map(|_| flights.join("a", compute()));
        for outcome in gather(10, waiting).await {
            assert!(outcome.unwrap_err().is_panic());
        }
        assert_eq!(computed.into_inner(), 1);
    }

    #[tokio::test]
    async fn however_many_give_up_the_last_one_gets_its_value() {
        let flights = Arc::new(Flights::default());
        let waiting: Vec<_> = (0..500)
            .map(|_| {
                let flights = Arc::clone(&flights);
                tokio::spawn(async move { flights.join("a", std::future::pending()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let last = flights.join("a", async { Ok(Bytes::from("1")) });
        let give_up = async {
            tokio::task::yield_now().await;
            for one in &waiting {
                one.abort();
            }
        };
        let (value, ()) = tokio::join!(last, give_up);
        assert_eq!(value.unwrap(), "1");
    }
}
