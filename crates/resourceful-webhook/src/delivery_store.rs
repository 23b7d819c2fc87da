//! Which deliveries were processed: a port.

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
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
    /// It is new: the caller processes it, and hands this lease back.
    Mine(Lease),
    /// Somebody is at it.
    Busy,
    /// It was processed.
    Done,
}

/// Proves who began a delivery. Whoever takes longer than five minutes may have lost it to another
/// lease, and changes nothing any more.
///
/// # Examples
/// ```
/// use resourceful_webhook::Lease;
///
/// let lease = Lease::unique();
/// assert_ne!(lease, Lease::unique());
/// // What a store keeps, and reads again.
/// assert_eq!(Lease::from_token(lease.token()), lease);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease(i64);

impl Lease {
    /// A lease that no other process has.
    ///
    /// # Examples
    /// See [`Lease`].
    #[must_use]
    pub fn unique() -> Self {
        // The standard library's source of random numbers.
        Self(RandomState::new().hash_one(()).cast_signed())
    }

    /// The lease with this token.
    ///
    /// # Examples
    /// See [`Lease`].
    #[must_use]
    pub fn from_token(token: i64) -> Self {
        Self(token)
    }

    /// The number that a store keeps.
    ///
    /// # Examples
    /// See [`Lease`].
    #[must_use]
    pub fn token(self) -> i64 {
        self.0
    }
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
/// let Begin::Mine(lease) = deliveries.begin("a").await? else { panic!("it is new") };
/// assert_eq!(deliveries.begin("a").await?, Begin::Busy);
/// deliveries.abandon("a", lease).await?; // it failed
/// let Begin::Mine(lease) = deliveries.begin("a").await? else { panic!("it is new again") };
/// deliveries.finish("a", lease).await?;
/// assert_eq!(deliveries.begin("a").await?, Begin::Done);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait Deliveries: Debug + Send + Sync + 'static {
    /// Is this delivery ours to process? Of several who ask at the same time, one is told so. A
    /// delivery that was begun and neither finished nor abandoned is new again after five
    /// minutes, under another lease.
    ///
    /// # Errors
    /// When that cannot be known now.
    async fn begin(&self, id: &str) -> Result<Begin>;

    /// It was processed by the holder of `lease`. Changes nothing when it was begun again since.
    ///
    /// # Errors
    /// When that cannot be kept now.
    async fn finish(&self, id: &str, lease: Lease) -> Result<()>;

    /// It was not processed by the holder of `lease`, and is new again. Changes nothing when it was
    /// finished or begun again since.
    ///
    /// # Errors
    /// When that cannot be kept now.
    async fn abandon(&self, id: &str, lease: Lease) -> Result<()>;
}

#[async_trait]
impl<D: Deliveries + ?Sized> Deliveries for Arc<D> {
    async fn begin(&self, id: &str) -> Result<Begin> {
        (**self).begin(id).await
    }

    async fn finish(&self, id: &str, lease: Lease) -> Result<()> {
        (**self).finish(id, lease).await
    }

    async fn abandon(&self, id: &str, lease: Lease) -> Result<()> {
        (**self).abandon(id, lease).await
    }
}
