//! Upgrades a connection to a protocol other than HTTP (101, RFC 9110 section 7.8).

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::body::Response;

/// The byte stream of a connection of any kind.
pub(crate) trait UpgradeIo: AsyncRead + AsyncWrite + Send + Unpin {
    /// Makes the drop of a connection reset it.
    #[cfg(feature = "websocket")]
    fn reset_on_drop(&mut self);
}

/// The connection of another server, which decides how it ends.
#[cfg(feature = "websocket")]
impl UpgradeIo for hyper_util::rt::TokioIo<hyper::upgrade::Upgraded> {
    fn reset_on_drop(&mut self) {}
}

/// Takes over a connection after its 101 response, with the bytes that were read ahead.
type UpgradeHandler = Box<dyn FnOnce(Box<dyn UpgradeIo>, Bytes) -> BoxFuture + Send>;
type BoxFuture = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The upgrade handler, which an endpoint puts into the extensions of its 101 response for the
/// connection. Clones share the handler; it runs once.
#[derive(Clone)]
pub(crate) struct Upgrade(Arc<Mutex<Option<UpgradeHandler>>>);

impl Upgrade {
    #[cfg(feature = "websocket")]
    pub(crate) fn new<F, Fut>(handler: F) -> Self
    where
        F: FnOnce(Box<dyn UpgradeIo>, Bytes) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let handler: UpgradeHandler = Box::new(|io, read| Box::pin(handler(io, read)));
        Self(Arc::new(Mutex::new(Some(handler))))
    }

    pub(crate) fn of(response: &Response) -> Option<Self> {
        response.extensions().get().cloned()
    }

    pub(crate) async fn run(self, io: impl UpgradeIo + 'static, read: Bytes) {
        let handler = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(handler) = handler {
            handler(Box::new(io), read).await;
        }
    }
}

impl std::fmt::Debug for Upgrade {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upgrade").finish_non_exhaustive()
    }
}
