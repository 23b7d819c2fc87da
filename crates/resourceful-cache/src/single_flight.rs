//! Deduplicates concurrent computations: callers with the same key share one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use resourceful::{Result, catch_panic};
use tokio::sync::OnceCell;

type Computation = OnceCell<Result<Bytes>>;

/// Running computations by key. An entry is removed when its computation ends, or when all its
/// waiters are dropped.
#[derive(Debug, Default)]
pub(crate) struct SingleFlight(Mutex<HashMap<String, Arc<Computation>>>);

impl SingleFlight {
    /// Runs `compute`, or waits for a running computation of the same key, and returns the result.
    /// A panic becomes an error for all waiters. If the computing caller is dropped, the next
    /// waiter computes.
    pub(crate) async fn run(
        &self,
        key: &str,
        compute: impl Future<Output = Result<Bytes>>,
    ) -> Result<Bytes> {
        // Declared before `computation`, so that it is dropped after it and can count its owners.
        let _guard = WaiterGuard {
            single_flight: self,
            key,
        };
        let computation = Arc::clone(self.lock().entry(key.to_owned()).or_default());
        let compute = async {
            let result = catch_panic(compute).await;
            // Later callers find the value in the store, or compute again.
            self.lock().remove(key);
            result
        };
        computation.get_or_init(|| compute).await.clone()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Computation>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the entry when the last waiter is dropped.
struct WaiterGuard<'f> {
    single_flight: &'f SingleFlight,
    key: &'f str,
}

impl Drop for WaiterGuard<'_> {
    fn drop(&mut self) {
        let mut computations = self.single_flight.lock();
        // Only the map still owns the computation.
        if computations
            .get(self.key)
            .is_some_and(|computation| Arc::strong_count(computation) == 1)
        {
            computations.remove(self.key);
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
    async fn ended_computations_leave_no_entry() {
        let single_flight = SingleFlight::default();
        let succeeded = single_flight.run("a", async { Ok(Bytes::from("1")) }).await;
        assert_eq!(succeeded.unwrap(), "1");
        let failed = single_flight
            .run("a", async { Err(Error::conflict("No.")) })
            .await;
        assert_eq!(failed.unwrap_err().status(), 409);
        let given_up = single_flight.run("a", std::future::pending());
        let given_up = tokio::time::timeout(Duration::from_millis(1), given_up).await;
        assert!(given_up.is_err());
        assert!(single_flight.lock().is_empty());
    }

    #[tokio::test]
    async fn a_panic_is_an_error_for_all_waiters() {
        let single_flight = SingleFlight::default();
        let computed = AtomicUsize::new(0);
        let compute = async || {
            computed.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
            panic!("on purpose")
        };
        let waiting = (0..10).map(|_| single_flight.run("a", compute()));
        for result in gather(10, waiting).await {
            assert!(result.unwrap_err().is_panic());
        }
        assert_eq!(computed.into_inner(), 1);
    }

    #[tokio::test]
    async fn the_last_waiter_gets_its_value_after_many_cancellations() {
        let single_flight = Arc::new(SingleFlight::default());
        let waiting: Vec<_> = (0..500)
            .map(|_| {
                let single_flight = Arc::clone(&single_flight);
                tokio::spawn(async move { single_flight.run("a", std::future::pending()).await })
            })
            .collect();
        tokio::task::yield_now().await;
        let last = single_flight.run("a", async { Ok(Bytes::from("1")) });
        let give_up = async {
            tokio::task::yield_now().await;
            for task in &waiting {
                task.abort();
            }
        };
        let (value, ()) = tokio::join!(last, give_up);
        assert_eq!(value.unwrap(), "1");
    }
}
