//! Blocking work outside of the threads that serve requests.

use std::time::Duration;

use tracing::Span;

use crate::error::{Error, Result};

/// Runs `work` on tokio's blocking pool and waits for what it returns.
///
/// For files, password hashes and drivers without async, which would delay all other requests of the
/// thread (as Django's `sync_to_async`). The work runs in the current tracing span. A panic is resumed in
/// the caller and ends the request with 500, as a panic in the hook does. Work that has begun is not
/// stopped when the request is abandoned.
///
/// # Errors
/// 503 if the runtime shuts down before the work begins.
///
/// # Panics
/// With the panic of `work`.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn read(_: Request) -> Result<String> {
///     let text = blocking(|| std::fs::read_to_string("Cargo.toml")).await?;
///     text.map_err(Error::internal)
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().get("/", public(read)))?;
/// assert!(client.get("/").await.text().contains("[package]"));
/// # Ok(())
/// # }
/// ```
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let span = Span::current();
    let result = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    result.or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(cancelled) => Err(Error::unavailable(Duration::from_secs(1)).with_source(cancelled)),
    })
}
