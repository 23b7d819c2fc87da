//! [`Handler`]: the application's code for an event.

use std::sync::Arc;

use async_trait::async_trait;
use resourceful::Result;

/// Handles the events of a webhook. `Arc<dyn Handler<E>>` implements it, too.
///
/// # Examples
/// ```
/// use resourceful::Result;
/// use resourceful_webhook::{GitHubEvent, Handler};
///
/// struct Log;
///
/// #[async_trait::async_trait]
/// impl Handler<GitHubEvent> for Log {
///     async fn handle(&self, event: GitHubEvent) -> Result<()> {
///         println!("{event:?}");
///         Ok(())
///     }
/// }
/// ```
#[async_trait]
pub trait Handler<E>: Send + Sync + 'static {
    /// Handles one event. Senders wait for the response (GitHub 10 seconds), so put longer work into
    /// a queue.
    ///
    /// # Errors
    /// The sender gets the error as the response, and may send the delivery again.
    async fn handle(&self, event: E) -> Result<()>;
}

#[async_trait]
impl<E: Send + 'static, H: Handler<E> + ?Sized> Handler<E> for Arc<H> {
    async fn handle(&self, event: E) -> Result<()> {
        (**self).handle(event).await
    }
}
