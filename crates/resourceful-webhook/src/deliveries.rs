//! Which deliveries were processed: a port.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use resourceful::Result;

/// How long a delivery that was begun is waited for. After that its process is taken for dead,
/// and the delivery may be begun again.
pub(crate) const LEASE: Duration = Duration::from_secs(5 * 60);

/// How long an id is kept: GitHub lets its users send a delivery again for three days.
pub(crate) const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Remembers which deliveries were processed.
///
/// # Examples
/// ```
/// use resourceful_webhook::{Deliveries, MemoryDeliveries};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// let deliveries = MemoryDeliveries::default();
/// assert!(deliveries.begin("a").await?);
/// assert!(!deliveries.begin("a").await?); // somebody is at it
/// deliveries.abandon("a").await?;
/// assert!(deliveries.begin("a").await?); // it failed: once more
/// deliveries.finish("a").await?;
/// assert!(!deliveries.begin("a").await?);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Deliveries: Debug + Send + Sync + 'static {
    /// Is this delivery ours to process? Of several who ask at the same time, one is told so. A
    /// delivery that was begun and neither finished nor abandoned can be begun again after five
    /// minutes.
    ///
    /// # Errors
    /// When that cannot be known now.
    async fn begin(&self, id: &str) -> Result<bool>;

    /// It was processed.
    ///
    /// # Errors
    /// When that cannot be kept now.
    async fn finish(&self, id: &str) -> Result<()>;

    /// It was not processed, and may be begun again.
    ///
    /// # Errors
    /// When that cannot be kept now.
    async fn abandon(&self, id: &str) -> Result<()>;
}
