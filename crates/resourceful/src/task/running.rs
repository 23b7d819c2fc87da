//! [`Running`]: how many requests may run at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{Error, Result};
use crate::metrics::refused;

/// Places for requests that run, and a queue for those that wait for one.
///
/// Without it, a database that has become slow would fill the memory with requests that all wait for it.
#[derive(Debug)]
pub(crate) struct Running {
    places: Semaphore,
    waiting: AtomicUsize,
    max_waiting: usize,
}

impl Running {
    pub(crate) fn new(places: usize, max_waiting: usize) -> Self {
        Self {
            places: Semaphore::new(places.min(Semaphore::MAX_PERMITS)),
            waiting: AtomicUsize::new(0),
            max_waiting,
        }
    }

    /// A place, which is free again when it is dropped. Requests get places in the order in which they came.
    ///
    /// # Errors
    /// 503 at once, if the queue is full.
    pub(crate) async fn enter(&self) -> Result<SemaphorePermit<'_>> {
        if let Ok(place) = self.places.try_acquire() {
            return Ok(place);
        }
        let _waiting = Waiting::begin(self)?;
        let place = self.places.acquire().await;
        Ok(place.expect("the semaphore is never closed"))
    }
}

/// A request in the queue, until it is dropped.
struct Waiting<'r>(&'r Running);

impl<'r> Waiting<'r> {
    fn begin(running: &'r Running) -> Result<Self> {
        let waiting = Self(running);
        if running.waiting.fetch_add(1, Ordering::Relaxed) >= running.max_waiting {
            refused("overload");
            return Err(Error::unavailable(Duration::from_secs(1))
                .with_detail("Too many requests are running."));
        }
        Ok(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn requests_run_wait_or_are_refused() {
        let running = Running::new(2, 1);
        let first = running.enter().await.unwrap();
        let _second = running.enter().await.unwrap();
        let mut third = pin!(running.enter());
        assert!(third.as_mut().now_or_never().is_none());
        assert_eq!(running.enter().await.unwrap_err().status(), 503);
        drop(first);
        let _third = third.await.unwrap();
        // The place in the queue is free again.
        {
            let mut given_up = pin!(running.enter());
            assert!(given_up.as_mut().now_or_never().is_none());
        }
        assert!(pin!(running.enter()).now_or_never().is_none());
        assert_eq!(running.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn without_a_queue_a_request_is_refused_at_once() {
        let running = Running::new(1, 0);
        let place = running.enter().await.unwrap();
        assert!(running.enter().await.is_err());
        drop(place);
        assert!(running.enter().await.is_ok());
    }
}
