//! A panic as an error, where something must be done afterwards in any case.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::error::{Error, Result};
use crate::task::timeout::{Timeout, overdue};

/// What `future` comes to; a panic is an error, too.
///
/// # Errors
/// What `future` fails with; 500 when it panics ([`Error::is_panic`]).
///
/// # Examples
/// ```
/// use resourceful::{Error, Result, catch_panic};
///
/// async fn broken() -> Result<i32> {
///     panic!("no number")
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let outcome = catch_panic(broken()).await;
/// assert!(outcome.unwrap_err().is_panic());
/// # }
/// ```
pub async fn catch_panic<F, T, E>(future: F) -> Result<T>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Error>,
{
    CatchPanic::new(pin!(async { future.await.map_err(Into::into) })).await
}

/// What a future comes to; a panic in it is an error like others.
///
/// It is lent, so that what awaits it holds it once: see [`crate::endpoint`].
pub(crate) struct CatchPanic<'f, F> {
    work: Pin<&'f mut F>,
    limit: Timeout,
}

impl<'f, F> CatchPanic<'f, F> {
    pub(crate) fn new(work: Pin<&'f mut F>) -> Self {
        Self {
            work,
            limit: Timeout::OFF,
        }
    }

    /// Given up after some time.
    pub(crate) fn with_timeout(work: Pin<&'f mut F>, limit: Timeout) -> Self {
        Self { work, limit }
    }
}

impl<T, F: Future<Output = Result<T>>> Future for CatchPanic<'_, F> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        // Nothing is polled again after a panic, so nothing broken is seen.
        match catch_unwind(AssertUnwindSafe(|| self.work.as_mut().poll(cx))) {
            Ok(Poll::Pending) if self.limit.is_over(cx) => {
                Poll::Ready(Err(overdue("The answer took too long.")))
            }
            Ok(outcome) => outcome,
            Err(panic) => Poll::Ready(Err(Error::panicked(panic_message(&*panic)))),
        }
    }
}

pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
