//! [`RateStore`]: where the used parts of quotas are kept.

use async_trait::async_trait;
use resourceful::BoxError;

use crate::quota::{Quota, Taken};

/// Keeps how much of each quota is used.
///
/// # Examples
/// See [`Rates::new`](crate::Rates::new).
#[async_trait]
pub trait RateStore: Send + Sync + 'static {
    /// Takes `cost` of the quota of this key, if so much is left. A cost of 0 takes nothing, and tells what is left.
    ///
    /// # Errors
    /// If the store is unavailable.
    async fn take(&self, key: &str, quota: Quota, cost: u32) -> Result<Taken, BoxError>;
}
