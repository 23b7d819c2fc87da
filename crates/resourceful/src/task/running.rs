//! [`Running`]: how many requests may run at once.

use std::collections::VecDeque;
use std::future::{Ready, ready};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, Either};
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::metrics::refused;

/// Places for requests that run, and a queue for those that wait for one.
///
/// Without it, a database that has become slow would fill the memory with requests that all wait for it. It is not
/// tokio's `Semaphore`, which locks a mutex for each request, also while places are free.
#[derive(Debug)]
pub(crate) struct Running {
    count: AtomicUsize,
    max: usize,
    waiting: AtomicUsize,
    max_waiting: usize,
    /// In the order in which the requests came, also those that were dropped meanwhile.
    queue: Mutex<VecDeque<oneshot::Sender<Place>>>,
}

/// A place among the requests that run. Dropped, it goes to the next request of the queue.
#[derive(Debug)]
pub(crate) struct Place(Option<Arc<Running>>);

impl Place {
    /// That of a request which does not run, or which is not limited.
    pub(crate) const NONE: Self = Self(None);

    /// A place; [`NONE`](Self::NONE) without a limit. Requests get places in the order in which they came.
    ///
    /// # Errors
    /// 503 at once, if the queue is full.
    #[inline]
    pub(crate) fn of(
        running: Option<&Arc<Running>>,
    ) -> Either<Ready<Result<Self>>, BoxFuture<'_, Result<Self>>> {
        let Some(running) = running else {
            return Either::Left(ready(Ok(Self::NONE)));
        };
        // A newcomer does not overtake those that wait.
        if running.waiting.load(Ordering::SeqCst) == 0 && running.take() {
            return Either::Left(ready(Ok(Self(Some(Arc::clone(running))))));
        }
        Either::Right(Box::pin(running.wait()))
    }
}

impl Drop for Place {
    #[inline]
    fn drop(&mut self) {
        if let Some(running) = self.0.take() {
            running.count.fetch_sub(1, Ordering::SeqCst);
            // Either this sees a request that begins to wait, or that request sees the free place.
            if running.waiting.load(Ordering::SeqCst) > 0 {
                running.hand_out();
            }
        }
    }
}

impl Running {
    pub(crate) fn new(max: usize, max_waiting: usize) -> Self {
        Self {
            count: AtomicUsize::new(0),
            max,
            waiting: AtomicUsize::new(0),
            max_waiting,
            queue: Mutex::default(),
        }
    }

    /// Counts a request that runs, if there is a place for it.
    #[inline]
    fn take(&self) -> bool {
        let next = |running| (running < self.max).then_some(running + 1);
        let taken = self
            .count
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        taken.is_ok()
    }

    async fn wait(self: &Arc<Self>) -> Result<Place> {
        let _waiting = Waiting::begin(self)?;
        let (sender, place) = oneshot::channel();
        {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            if queue.len() > 2 * self.max_waiting {
                queue.retain(|next| !next.is_closed());
            }
            queue.push_back(sender);
        }
        self.hand_out();
        Ok(place.await.expect("the queue keeps its senders"))
    }

    /// Gives the free places to the first requests of the queue.
    fn hand_out(self: &Arc<Self>) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        while !queue.is_empty() && self.take() {
            let next = queue.pop_front().expect("the queue is not empty");
            if let Err(mut place) = next.send(Place(Some(Arc::clone(self)))) {
                // Not dropped, because that would hand out again.
                place.0 = None;
                self.count.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }
}

/// A request that waits, until it is dropped.
struct Waiting<'r>(&'r Running);

impl<'r> Waiting<'r> {
    fn begin(running: &'r Running) -> Result<Self> {
        let waiting = Self(running);
        if running.waiting.fetch_add(1, Ordering::SeqCst) >= running.max_waiting {
            refused("overload");
            return Err(Error::unavailable(Duration::from_secs(1))
                .with_detail("Too many requests are running."));
        }
        Ok(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn requests_run_wait_or_are_refused() {
        let running = Arc::new(Running::new(2, 1));
        let first = Place::of(Some(&running)).await.unwrap();
        let _second = Place::of(Some(&running)).await.unwrap();
        let mut third = pin!(Place::of(Some(&running)));
        assert!(third.as_mut().now_or_never().is_none());
        assert_eq!(Place::of(Some(&running)).await.unwrap_err().status(), 503);
        drop(first);
        let _third = third.await.unwrap();
        // The place in the queue is free again.
        {
            let mut given_up = pin!(Place::of(Some(&running)));
            assert!(given_up.as_mut().now_or_never().is_none());
        }
        assert!(pin!(Place::of(Some(&running))).now_or_never().is_none());
        assert_eq!(running.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn without_a_queue_a_request_is_refused_at_once() {
        let running = Arc::new(Running::new(1, 0));
        let place = Place::of(Some(&running)).await.unwrap();
        assert!(Place::of(Some(&running)).await.is_err());
        drop(place);
        assert!(Place::of(Some(&running)).await.is_ok());
    }
}
