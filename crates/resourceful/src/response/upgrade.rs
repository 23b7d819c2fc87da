//! Upgrades a connection to a protocol other than HTTP (101, RFC 9110 section 7.8).

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::Response;

/// The byte stream of a connection of any kind.
pub(crate) trait Carrier: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Carrier for T {}

/// Takes over a connection after its 101 response, with the bytes that were read ahead.
type GoOn = Box<dyn FnOnce(Box<dyn Carrier>, Bytes) -> BoxFuture + Send>;
type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The upgrade handler, which an endpoint puts into the extensions of its 101 response for the
/// connection. Clones share the handler; it runs once.
#[derive(Clone)]
pub(crate) struct Takeover(Arc<Mutex<Option<GoOn>>>);

impl Takeover {
    #[cfg(feature = "websocket")]
    pub(crate) fn new<F, Fut>(go_on: F) -> Self
    where
        F: FnOnce(Box<dyn Carrier>, Bytes) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let go_on: GoOn = Box::new(|carrier, read| Box::pin(go_on(carrier, read)));
        Self(Arc::new(Mutex::new(Some(go_on))))
    }

    pub(crate) fn of(response: &Response) -> Option<Self> {
        response.extensions().get().cloned()
    }

    pub(crate) async fn run(self, carrier: impl Carrier + 'static, read: Bytes) {
        let go_on = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(go_on) = go_on {
            go_on(Box::new(carrier), read).await;
        }
    }
}

impl std::fmt::Debug for Takeover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Takeover").finish_non_exhaustive()
    }
}
