//! A panic as an error, where something must be done afterwards in any case.

use std::future::Future;
use std::pin::pin;

use crate::endpoint::error_response::Caught;
use crate::error::{Error, Result};

/// What `future` comes to; a panic is an error, too.
///
/// # Errors
/// What `future` fails with; 500 when it panics ([`Error::is_panic`]).
///
/// # Examples
/// ```
/// use resourceful::{Error, Result, caught};
///
/// async fn broken() -> Result<i32> {
///     panic!("no number")
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let outcome = caught(broken()).await;
/// assert!(outcome.unwrap_err().is_panic());
/// # }
/// ```
pub async fn caught<F, T, E>(future: F) -> Result<T>
where
    F: Future<Output = Result<T, E>>,
    E: Into<Error>,
{
    Caught::new(pin!(async { future.await.map_err(Into::into) })).await
}
