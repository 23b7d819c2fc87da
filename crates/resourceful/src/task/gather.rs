//! Runs several futures at the same time and returns each result.

use std::future::Future;

use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::error::{Error, Result};
use crate::task::catch_panic::catch_panic;

/// Runs `futures`, at most `limit` at the same time, and returns each result in the order of the futures.
/// An error or a panic (500, [`Error::is_panic`]) does not affect the others.
///
/// The futures run in the task of the caller, so they may borrow, and are dropped with it. A `limit` of 0
/// means 1. For a few futures of different types, `tokio::join!` is simpler.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn double(number: u32) -> Result<u32> {
///     match number {
///         2 => Err(Error::not_found("There is no 2.")),
///         3 => panic!("three"),
///         _ => Ok(number * 2),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let outcomes = gather(10, [1, 2, 3, 4].map(double)).await;
/// assert!(matches!(outcomes[0], Ok(2)));
/// assert_eq!(outcomes[1].as_ref().unwrap_err().status(), 404);
/// assert!(outcomes[2].as_ref().unwrap_err().is_panic());
/// assert!(matches!(outcomes[3], Ok(8)));
/// # }
/// ```
pub fn gather<F, T, E>(
    limit: usize,
    futures: impl IntoIterator<Item = F>,
) -> impl Future<Output = Vec<Result<T>>>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Error>,
{
    // Collected here, since rustc cannot prove that a future with the closures of an iterator is `Send`
    // ("implementation of `FnOnce` is not general enough").
    gather_all(limit, futures.into_iter().collect())
}

async fn gather_all<F, T, E>(limit: usize, futures: Vec<F>) -> Vec<Result<T>>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Error>,
{
    let mut results: Vec<_> = futures.iter().map(|_| None).collect();
    let mut waiting = futures.into_iter().enumerate();
    // Not `buffered`: a slow first future would delay the start of later ones.
    let mut running = FuturesUnordered::new();
    loop {
        let room = limit.max(1) - running.len();
        running.extend(waiting.by_ref().take(room).map(numbered));
        match running.next().await {
            Some((index, result)) => results[index] = Some(result),
            None => return results.into_iter().flatten().collect(),
        }
    }
}

async fn numbered<F, T, E>((index, future): (usize, F)) -> (usize, Result<T>)
where
    F: Future<Output = Result<T, E>>,
    E: Into<Error>,
{
    (index, catch_panic(future).await)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn no_more_than_the_limit_run_at_the_same_time() {
        for (limit, expected) in [(0, 1), (1, 1), (3, 3), (100, 10)] {
            let running = AtomicUsize::new(0);
            let most = AtomicUsize::new(0);
            let work = |number| {
                let (running, most) = (&running, &most);
                async move {
                    let now = running.fetch_add(1, Ordering::Relaxed) + 1;
                    most.fetch_max(now, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                    running.fetch_sub(1, Ordering::Relaxed);
                    Ok::<_, Error>(number)
                }
            };
            let results = gather(limit, (0..10).map(work)).await;
            let numbers: Vec<_> = results.into_iter().map(Result::unwrap).collect();
            assert_eq!(numbers, (0..10).collect::<Vec<_>>());
            assert_eq!(most.into_inner(), expected);
        }
    }
}
