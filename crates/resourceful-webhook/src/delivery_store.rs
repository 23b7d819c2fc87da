//! [`DeliveryStore`]: the interface that remembers processed deliveries.

use std::fmt::Debug;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use resourceful::Result;

/// Duration of a lease. After that the process counts as dead, and the delivery may be claimed
/// again.
pub(crate) const LEASE: Duration = Duration::from_secs(5 * 60);

/// Retention of an id. GitHub lets its users redeliver for three days.
pub(crate) const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Result of [`DeliveryStore::claim`].
///
/// # Examples
/// See [`DeliveryStore`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The delivery is new. The caller processes it and passes the lease to
    /// [`complete`](DeliveryStore::complete) or [`release`](DeliveryStore::release).
    Acquired(Lease),
    /// Another caller is processing the delivery.
    InProgress,
    /// The delivery was processed.
    Processed,
}

/// Identifies the holder of a delivery. After five minutes another caller may take the delivery
/// under another lease; the old lease then has no effect.
///
/// # Examples
/// ```
/// use resourceful_webhook::Lease;
///
/// let lease = Lease::unique();
/// assert_ne!(lease, Lease::unique());
/// // A store saves the token and reads it again.
/// assert_eq!(Lease::from_token(lease.token()), lease);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease(i64);

impl Lease {
    /// Creates a lease with a random token.
    #[must_use]
    pub fn unique() -> Self {
        // `RandomState` is the standard library's source of random numbers.
        Self(RandomState::new().hash_one(()).cast_signed())
    }

    /// Restores the lease with this token.
    #[must_use]
    pub fn from_token(token: i64) -> Self {
        Self(token)
    }

    /// Number for a store to save.
    #[must_use]
    pub fn token(self) -> i64 {
        self.0
    }
}

/// Remembers processed deliveries. `Arc<dyn DeliveryStore>` implements it, too.
///
/// # Examples
/// ```
/// use resourceful_webhook::{Claim, DeliveryStore, MemoryDeliveryStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// let store = MemoryDeliveryStore::default();
/// let Claim::Acquired(lease) = store.claim("a").await? else { panic!("the delivery is new") };
/// assert_eq!(store.claim("a").await?, Claim::InProgress);
/// store.release("a", lease).await?; // processing failed
/// let Claim::Acquired(lease) = store.claim("a").await? else { panic!("the delivery is new again") };
/// store.complete("a", lease).await?;
/// assert_eq!(store.claim("a").await?, Claim::Processed);
/// # Ok(())
/// # }
/// ```
#[async_trait]
pub trait DeliveryStore: Debug + Send + Sync + 'static {
    /// Claims a delivery for processing. Of concurrent callers one acquires it. A delivery that was
    /// claimed and neither completed nor released can be claimed again after five minutes, under
    /// another lease.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn claim(&self, id: &str) -> Result<Claim>;

    /// Marks the delivery as processed. Has no effect if it was claimed again since.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn complete(&self, id: &str, lease: Lease) -> Result<()>;

    /// Gives the delivery back after a failure, so that it is new again. Has no effect if it was
    /// completed or claimed again since.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn release(&self, id: &str, lease: Lease) -> Result<()>;
}

#[async_trait]
impl<D: DeliveryStore + ?Sized> DeliveryStore for Arc<D> {
    async fn claim(&self, id: &str) -> Result<Claim> {
        (**self).claim(id).await
    }

    async fn complete(&self, id: &str, lease: Lease) -> Result<()> {
        (**self).complete(id, lease).await
    }

    async fn release(&self, id: &str, lease: Lease) -> Result<()> {
        (**self).release(id, lease).await
    }
}
