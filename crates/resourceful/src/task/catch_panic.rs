//! Turns a panic of a future into an error.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use crate::error::{Error, Result};
use crate::task::timeout::{Timeout, timed_out};

/// Runs `future` and turns a panic into an error.
///
/// For code that must clean up in any case.
///
/// # Errors
/// The error of `future`; 500 if it panics ([`Error::is_panic`]).
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
/// let result = catch_panic(broken()).await;
/// assert!(result.unwrap_err().is_panic());
/// # }
/// ```
pub async fn catch_panic<F, T, E>(future: F) -> Result<T>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Error>,
{
    CatchPanic::new(pin!(async { future.await.map_err(Into::into) })).await
}

/// Runs a future with an optional timeout and turns a panic into an error.
///
/// It borrows the future, so that the caller does not store it twice: see [`crate::endpoint`].
pub(crate) struct CatchPanic<'f, F> {
    work: Pin<&'f mut F>,
    timeout: Timeout,
}

impl<'f, F> CatchPanic<'f, F> {
    pub(crate) fn new(work: Pin<&'f mut F>) -> Self {
        Self {
            work,
            timeout: Timeout::OFF,
        }
    }

    /// Drops the future after a timeout.
    pub(crate) fn with_timeout(work: Pin<&'f mut F>, timeout: Timeout) -> Self {
        Self { work, timeout }
    }
}

impl<T, F: Future<Output = Result<T>>> Future for CatchPanic<'_, F> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        // The future is not polled again after a panic, so a broken state has no effect.
        match catch_unwind(AssertUnwindSafe(|| self.work.as_mut().poll(cx))) {
            Ok(Poll::Pending) if self.timeout.is_over(cx) => {
                Poll::Ready(Err(timed_out("The response took too long.")))
            }
            Ok(result) => result,
            Err(panic) => Poll::Ready(Err(Error::panicked(panic_message(&*panic)))),
        }
    }
}

/// The message of a panic payload.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&'static str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
