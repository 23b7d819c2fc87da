//! [`Webhook`]: the endpoint that verifies, parses and handles store.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};
use resourceful::{Result, catch_panic, prelude::*};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use crate::delivery_store::{Claim, DeliveryStore};
use crate::handler::Handler;
use crate::provider::Provider;

/// Time limit for a delivery that waits for its duplicate; senders wait for about ten seconds.
const DUPLICATE_TIMEOUT: Duration = Duration::from_secs(8);

/// Maximum length of a stored id with its path, in bytes; longer ids are hashed.
const MAX_ID_LENGTH: usize = 256;

/// Pause before the second claim of a waiting delivery; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// The endpoint of a webhook: `App::view("/webhooks/github", Webhook::new(..))`.
///
/// Its `Access` is [`Public`]: the signature authorizes a request, and verifying it needs the body.
///
/// # Examples
/// See the [crate's page](crate).
pub struct Webhook<P: Provider> {
    provider: P,
    handler: Arc<dyn Handler<P::Event>>,
    store: Option<Arc<dyn DeliveryStore>>,
}

#[derive(Serialize, JsonSchema)]
struct Processed {
    status: &'static str,
}

impl<P: Provider> Webhook<P> {
    /// Passes the events of `provider` to `handler`.
    ///
    /// # Examples
    /// See the [crate's page](crate).
    #[must_use]
    pub fn new(provider: P, handler: impl Handler<P::Event>) -> Self {
        Self {
            provider,
            handler: Arc::new(handler),
            store: None,
        }
    }

    /// Sets a store, so that repeated deliveries have no effect. The endpoints of a service may share
    /// it, because the stored id includes the path. Two services need separate tables.
    ///
    /// # Examples
    /// See the [crate's page](crate).
    #[must_use]
    pub fn with_delivery_store(mut self, store: impl DeliveryStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    async fn handle_once(
        &self,
        id: &str,
        event: P::Event,
        store: &dyn DeliveryStore,
    ) -> Result<()> {
        let deadline = Instant::now() + DUPLICATE_TIMEOUT;
        let mut pause = FIRST_PAUSE;
        let lease = loop {
            match store.claim(id).await? {
                Claim::Acquired(lease) => break lease,
                Claim::Processed => {
                    tracing::info!(id, "delivery was already processed");
                    return Ok(());
                }
                // The first delivery may still fail. A sender that gets a 200 too early would not
                // send it again.
                Claim::InProgress if Instant::now() < deadline => {
                    sleep(pause).await;
                    pause = (pause * 2).min(MAX_PAUSE);
                }
                Claim::InProgress => return Err(Error::unavailable(DUPLICATE_TIMEOUT)),
            }
        };
        // A panic must release the delivery, too.
        let result = catch_panic(self.handler.handle(event)).await;
        let stored = match result {
            Ok(()) => store.complete(id, lease).await,
            Err(_) => store.release(id, lease).await,
        };
        if let Err(error) = stored {
            tracing::warn!(
                id,
                error = error.to_string(),
                "result of the delivery could not be stored"
            );
        }
        result
    }
}

/// Replaces a long id by its digest. Not all senders sign their ids, so anybody could fill the
/// memory with copies of one delivery, and PostgreSQL limits keys to 2.7 KB.
fn hash_long_id(id: String) -> String {
    if id.len() <= MAX_ID_LENGTH {
        return id;
    }
    format!("sha256:{}", hex::encode(Sha256::digest(id)))
}

impl<P: Provider> AsyncView for Webhook<P> {
    const METHODS: &'static [Method] = &[Method::POST];

    type Access = Public;
    type Error = Error;

    fn describe(_: &Method) -> Description {
        P::describe()
            .max_body_size(P::MAX_BODY_SIZE)
            .response::<Processed>(StatusCode::OK)
    }

    async fn post(&self, mut request: Request) -> Result<Response> {
        let signature = self
            .provider
            .signature(request.headers(), SystemTime::now())?;
        let body = request.bytes_within(P::MAX_BODY_SIZE).await?;
        self.provider.verify(&signature, &body)?;
        let event = self.provider.event(request.headers(), &body)?;
        let id = self.provider.delivery_id(request.headers(), &body);
        match (&self.store, id) {
            (Some(store), Some(id)) => {
                // GitHub sends one event to several endpoints under the same id.
                let id = hash_long_id(format!("{} {id}", request.path()));
                self.handle_once(&id, event, &**store).await?;
            }
            _ => self.handler.handle(event).await?,
        }
        let status = "processed";
        Ok(Json(Processed { status }).into_response())
    }
}

impl<P: Provider + fmt::Debug> fmt::Debug for Webhook<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("provider", &self.provider)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
