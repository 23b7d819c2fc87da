//! Which deliveries were processed: a port.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use resourceful::Result;

/// How long a delivery that was begun is waited for. After that its process is taken for dead,
/// and the delivery may be begun again.
pub(crate) const LEASE: Duration = Duration::from_secs(5 * 60);

/// How long an id is kept: GitHub lets its users send a delivery again for three days.
pub(crate) const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What [`Deliveries::begin`] found.
///
/// # Examples
/// See [`Deliveries`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// It is new: whoever asked is to process it.
    Mine,
    /// Somebody is at it.
    Busy,
    /// It was processed.
    Done,
}

/// Remembers which deliveries were processed. An `Arc<dyn Deliveries>` does so, too.
///
/// # Examples
/// ```
/// use resourceful_webhook::{Begin, Deliveries, MemoryDeliveries};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// let deliveries = MemoryDeliveries::default();
/// assert_eq!(deliveries.begin("a").await?, Begin::Mine);
/// assert_eq!(deliveries.begin("a").await?, Begin::Busy);
/// deliveries.abandon("a").await?; // it failed
/// assert_eq!(deliveries.begin("a").await?, Begin::Mine);
/// deliveries.finish("a").await?;
/// assert_eq!(deliveries.begin("a").await?, Begin::Done);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Deliveries: Debug + Send + Sync + 'static {
    /// Is this delivery ours to process? Of several who ask at the same time, one is told so. A
    /// delivery that was begun and neither finished nor abandoned is new again after five
    /// minutes.
    ///
    /// # Errors
    /// When that cannot be known now.
    async fn begin(&self, id: &str) -> Result<Begin>;

    /// It was processed. Who took longer than the five minutes says so of whoever began it since.
    ///
    /// # Errors
    /// When that cannot be kept now.
    async fn finish(&self, id: &str) -> Result<()>;

    /// It was not processed, and is new again.
    ///
    /// # Errors
    /// When that cannot be kept now.
    async fn abandon(&self, id: &str) -> Result<()>;
}

#[async_trait]
impl<D: Deliveries + ?Sized> Deliveries for Arc<D> {
    async fn begin(&self, id: &str) -> Result<Begin> {
        (**self).begin(id).await
    }

    async fn finish(&self, id: &str) -> Result<()> {
        (**self).finish(id).await
    }

    async fn abandon(&self, id: &str) -> Result<()> {
        (**self).abandon(id).await
    }
}
