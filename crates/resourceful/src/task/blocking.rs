//! Work that blocks, off the threads that serve requests.

use std::time::Duration;

use tracing::Span;

use crate::error::{Error, Result};

/// Runs `work` on tokio's blocking pool and waits for what it returns.
///
/// For files, password hashes, drivers without async: what would hold up every other request
/// of its thread. (Django's `sync_to_async`.) The current tracing span goes along; a panic
/// comes back and ends the request with 500, as a panic in the hook itself would. Work that
/// has begun is not stopped when the request is abandoned.
///
/// # Errors
/// 503 when the runtime is shutting down and the work was not begun.
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
    let outcome = tokio::task::spawn_blocking(move || span.in_scope(work)).await;
    outcome.or_else(|error| match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(cancelled) => Err(Error::unavailable(Duration::from_secs(1)).with_source(cancelled)),
    })
}
