//! [`HashingPool`]: a bounded number of threads that hash.

use std::sync::Arc;

use resourceful::{Error, ErrorStatus, Result, blocking};
use tokio::sync::Semaphore;

/// Runs hashing on tokio's blocking pool, with a bounded number of threads and of requests that wait.
#[derive(Clone, Debug)]
pub(crate) struct HashingPool {
    threads: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl HashingPool {
    pub(crate) fn new(max_threads: usize, max_waiting: usize) -> Self {
        Self {
            threads: Arc::new(Semaphore::new(max_threads)),
            waiting: Arc::new(Semaphore::new(max_waiting)),
        }
    }

    /// Runs `work`, which ends also if the future is dropped.
    ///
    /// # Errors
    /// 429 if too many requests wait.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let permit = if let Ok(permit) = Arc::clone(&self.threads).try_acquire_owned() {
            permit
        } else {
            let _place = self.waiting.try_acquire().map_err(|_| busy())?;
            let permit = Arc::clone(&self.threads).acquire_owned().await;
            permit.expect("the semaphore is never closed")
        };
        blocking(move || {
            // The thread keeps the permit: a client that leaves does not make room for another one.
            let _permit = permit;
            work()
        })
        .await
    }
}

fn busy() -> Error {
    Error::new(ErrorStatus::new(429))
        .with_detail("Too many passwords are checked at the moment.")
        .with_retry_after(1)
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    use resourceful::gather;

    use super::*;

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// A request is refused at once.
    fn assert_busy(pool: &HashingPool) {
        let Poll::Ready(Err(error)) = poll(pin!(pool.run(|| ()))) else {
            panic!("it waits");
        };
        assert_eq!(error.status(), 429);
    }

    #[tokio::test]
    async fn no_more_threads_hash_than_allowed() {
        let pool = HashingPool::new(3, 100);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let hash = |_| {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            pool.run(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                running.fetch_sub(1, Ordering::SeqCst);
            })
        };
        for result in gather(100, (0..100).map(hash)).await {
            result.unwrap();
        }
        assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test]
    async fn a_request_that_may_not_wait_is_429_at_once() {
        let pool = HashingPool::new(1, 2);
        let (finish, finished) = mpsc::channel::<()>();
        let mut first = pin!(pool.run(move || finished.recv().is_ok()));
        assert!(poll(first.as_mut()).is_pending());
        let mut second = Box::pin(pool.run(|| 2));
        let mut third = pin!(pool.run(|| 3));
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(third.as_mut()).is_pending());
        assert_busy(&pool);
        // A request that is dropped leaves its place to another one.
        drop(second);
        let mut fifth = pin!(pool.run(|| 5));
        assert!(poll(fifth.as_mut()).is_pending());
        finish.send(()).unwrap();
        assert!(first.await.unwrap());
        let (third, fifth) = tokio::join!(third, fifth);
        assert_eq!((third.unwrap(), fifth.unwrap()), (3, 5));
    }

    #[tokio::test]
    async fn a_dropped_request_keeps_its_thread_until_the_hash_is_done() {
        let pool = HashingPool::new(1, 0);
        let (finish, finished) = mpsc::channel::<()>();
        let (end, mut ended) = tokio::sync::mpsc::unbounded_channel();
        let mut dropped = Box::pin(pool.run(move || {
            finished.recv().unwrap();
            end.send(()).unwrap();
        }));
        assert!(poll(dropped.as_mut()).is_pending());
        drop(dropped);
        assert_busy(&pool);
        finish.send(()).unwrap();
        ended.recv().await.unwrap();
        // The thread gives the permit back just after the work.
        let permit = pool.threads.acquire().await.unwrap();
        drop(permit);
        pool.run(|| ()).await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_gives_the_thread_back() {
        let pool = HashingPool::new(1, 0);
        let panic = tokio::spawn({
            let pool = pool.clone();
            async move { pool.run(|| panic!("on purpose")).await }
        });
        assert!(panic.await.unwrap_err().is_panic());
        pool.run(|| ()).await.unwrap();
    }
}
