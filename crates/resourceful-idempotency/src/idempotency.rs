//! [`Idempotency`]: the store of a resource, and who its callers are.

use std::fmt::{self, Display};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use resourceful::hidden::{Attempt, Once};
use resourceful::{Error, ErrorStatus, Result};

use crate::record::{Record, RecordId, fingerprint};
use crate::store::{Begun, IdempotencyStore};

const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
const TRUE: HeaderValue = HeaderValue::from_static("true");

/// Keeps the responses to requests with an `Idempotency-Key`, for callers of type `C`.
///
/// A resource whose actions read keys has one (`#[as_ref] idempotency: Idempotency<User>`). Several resources may have
/// clones of one: a key belongs to one route.
///
/// # Examples
/// See the [crate](crate).
pub struct Idempotency<C> {
    store: Arc<dyn IdempotencyStore>,
    caller: Arc<dyn Fn(&C) -> String + Send + Sync>,
}

impl<C> Idempotency<C> {
    /// Keeps responses in this store. `caller` returns what tells a caller from others, such as an id: nobody gets
    /// the response to the request of somebody else.
    ///
    /// # Examples
    /// ```
    /// use resourceful_idempotency::{Idempotency, MemoryIdempotency};
    ///
    /// struct User { id: i64 }
    ///
    /// let keys = Idempotency::new(MemoryIdempotency::default(), |user: &User| user.id);
    /// ```
    pub fn new<T: Display>(
        store: impl IdempotencyStore,
        caller: impl Fn(&C) -> T + Send + Sync + 'static,
    ) -> Self {
        Self {
            store: Arc::new(store),
            caller: Arc::new(move |who| caller(who).to_string()),
        }
    }
}

impl<C> Clone for Idempotency<C> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            caller: Arc::clone(&self.caller),
        }
    }
}

impl<C> fmt::Debug for Idempotency<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Idempotency").finish_non_exhaustive()
    }
}

impl<C> Once<C> for Idempotency<C> {
    fn caller(&self, caller: &C) -> String {
        (self.caller)(caller)
    }

    fn attempt<'a>(
        &'a self,
        attempt: Attempt,
        work: BoxFuture<'a, Result<Response<Bytes>>>,
    ) -> BoxFuture<'a, Result<Response<Bytes>>> {
        Box::pin(run(&*self.store, attempt, work))
    }
}

async fn run(
    store: &dyn IdempotencyStore,
    attempt: Attempt,
    work: BoxFuture<'_, Result<Response<Bytes>>>,
) -> Result<Response<Bytes>> {
    let [route, action] = &attempt.operation;
    let id = RecordId::new([route, action], &attempt.caller, &attempt.key);
    let fingerprint = fingerprint(&attempt);
    let mut claim = match store.begin(&id).await? {
        Begun::New(claim) => claim,
        Begun::Running => {
            return Err(still_runs());
        }
        Begun::Kept(record) => {
            let Some(mut response) = record.response_to(&fingerprint) else {
                return Err(Error::new(ErrorStatus::new(422)).with_detail(
                    "This `Idempotency-Key` was sent with another request: use a new one.",
                ));
            };
            response.headers_mut().insert(REPLAYED, TRUE);
            return Ok(response);
        }
    };
    claim.share(&attempt);
    match work.await {
        Ok(response) if is_final(response.status()) => {
            claim
                .keep(Record::new(fingerprint, response.clone()))
                .await?;
            Ok(response)
        }
        other => {
            claim.release().await;
            other
        }
    }
}

/// 409, which a client sends again.
pub(crate) fn still_runs() -> Error {
    Error::conflict("A request with this `Idempotency-Key` still runs.").with_retry_after(1)
}

/// Whether the same request would have the same response later.
fn is_final(status: StatusCode) -> bool {
    let asks_again = [
        StatusCode::REQUEST_TIMEOUT,
        StatusCode::TOO_EARLY,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    !status.is_server_error() && !asks_again.contains(&status)
}
