//! [`IdempotencyStore`]: where the responses are kept.

use async_trait::async_trait;
use resourceful::Result;
use resourceful::hidden::Attempt;

use crate::record::{Record, RecordId};

/// Keeps the responses to requests with an `Idempotency-Key`.
///
/// Stores are [`MemoryIdempotency`](crate::MemoryIdempotency), and with features `SqlIdempotency` and
/// `RedisIdempotency`.
#[async_trait]
pub trait IdempotencyStore: Send + Sync + 'static {
    /// Begins an attempt. Of several at once, on all machines that share the store, one gets [`Begun::New`].
    ///
    /// # Errors
    /// 503 if the store is unavailable: the action does not run then.
    async fn begin(&self, id: &RecordId) -> Result<Begun>;
}

/// The state of a key in a store.
#[expect(missing_debug_implementations, reason = "claims of users have none")]
pub enum Begun {
    /// No attempt has ended yet, and this one is the only one: the action runs.
    New(Box<dyn Claim>),
    /// Another attempt still runs.
    Running,
    /// The response to an earlier attempt.
    Kept(Record),
}

/// The only attempt that runs for a key. Dropped, another attempt may begin, at once or after a while.
#[async_trait]
pub trait Claim: Send + Sync {
    /// Gives the hook the transaction of the store, if it has one.
    #[doc(hidden)]
    fn share(&mut self, attempt: &Attempt) {
        let _ = attempt;
    }

    /// Keeps the response, for all attempts that follow.
    ///
    /// # Errors
    /// If the effect of the action is undone. If the effect stays, and the response could not be kept, return `Ok`: with
    /// an error the client would send the request again.
    async fn keep(self: Box<Self>, record: Record) -> Result<()>;

    /// Lets another attempt begin: this one had no effect.
    async fn release(self: Box<Self>);
}
