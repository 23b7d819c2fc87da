//! What is done with an event: a port.

use std::sync::Arc;

use async_trait::async_trait;
use resourceful::Result;

/// What an application does with the events of a webhook. An `Arc<dyn Handler<E>>` is a handler,
/// too.
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
    /// Handles one event. Senders wait for the answer, GitHub for 10 seconds: what takes longer
    /// belongs into a queue.
    ///
    /// # Errors
    /// Answered to the sender, who may send the delivery again.
    async fn handle(&self, event: E) -> Result<()>;
}

#[async_trait]
impl<E: Send + 'static, H: Handler<E> + ?Sized> Handler<E> for Arc<H> {
    async fn handle(&self, event: E) -> Result<()> {
        (**self).handle(event).await
    }
}
