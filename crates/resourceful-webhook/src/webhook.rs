//! [`Webhook`]: verify, parse, handle once.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};
use resourceful::{Result, catch_panic, prelude::*};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use crate::deliveries::{Begin, Deliveries};
use crate::handler::Handler;
use crate::provider::Provider;

/// How long a delivery waits for another that is the same; senders wait for about ten seconds.
const PATIENCE: Duration = Duration::from_secs(8);

/// The longest id, with its path, that is kept as it is, in bytes.
const LONGEST_ID: usize = 256;

/// How long it waits between two looks: this, then twice as long, ..
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The endpoint of a webhook: `App::view("/webhooks/github", Webhook::new(..))`.
///
/// Its `Access` is [`Public`]: who may call is decided by the signature, for which the body must
/// be read.
///
/// # Examples
/// See the [crate's page](crate).
pub struct Webhook<P: Provider> {
    provider: P,
    handler: Arc<dyn Handler<P::Event>>,
    deliveries: Option<Arc<dyn Deliveries>>,
}

#[derive(Serialize, JsonSchema)]
struct Processed {
    status: &'static str,
}

impl<P: Provider> Webhook<P> {
    /// Deliveries of `provider` go to `handler`.
    ///
    /// # Examples
    /// See the [crate's page](crate).
    #[must_use]
    pub fn new(provider: P, handler: impl Handler<P::Event>) -> Self {
        Self {
            provider,
            handler: Arc::new(handler),
            deliveries: None,
        }
    }

    /// A delivery that comes again has no effect. The endpoints of a service may share
    /// `deliveries`: the path is part of what is kept. Two services need a table each.
    ///
    /// # Examples
    /// See the [crate's page](crate).
    #[must_use]
    pub fn with_deliveries(mut self, deliveries: impl Deliveries) -> Self {
        self.deliveries = Some(Arc::new(deliveries));
        self
    }

    async fn handle_once(&self, id: &str, event: P::Event, seen: &dyn Deliveries) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        let lease = loop {
            match seen.begin(id).await? {
                Begin::Mine(lease) => break lease,
                Begin::Done => {
                    tracing::info!(id, "the delivery has come before");
                    return Ok(());
                }
                // Whether it is taken is not known yet: who is told so too early does not send
                // it again when it fails.
                Begin::Busy if Instant::now() < deadline => {
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Begin::Busy => return Err(Error::unavailable(PATIENCE)),
            }
        };
        // A panic is an outcome, too: the delivery must not stay begun.
        let outcome = catch_panic(self.handler.handle(event)).await;
        let kept = match outcome {
            Ok(()) => seen.finish(id, lease).await,
            Err(_) => seen.abandon(id, lease).await,
        };
        if let Err(error) = kept {
            tracing::warn!(
                id,
                error = error.to_string(),
                "what became of the delivery could not be kept"
            );
        }
        outcome
    }
}

/// Long ids are kept as their digest: not all senders sign them, so that strangers could fill the
/// memory with copies of one delivery, and PostgreSQL has no key over 2.7 KB.
fn bounded(id: String) -> String {
    if id.len() <= LONGEST_ID {
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
        match (&self.deliveries, id) {
            (Some(seen), Some(id)) => {
                // GitHub sends one event to several endpoints under the same id.
                let id = bounded(format!("{} {id}", request.path()));
                self.handle_once(&id, event, &**seen).await?;
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
            .field("deliveries", &self.deliveries)
            .finish_non_exhaustive()
    }
}
