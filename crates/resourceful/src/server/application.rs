//! [`Application`]: the interface between the server and an application.
//!
//! [`AppService`](crate::AppService) implements it, and with the feature `tower` an adapter for any
//! tower service. The trait is generic on the path of a request, and erased where connections are
//! spawned: see `ServeConnection` in `accept.rs`.

use std::convert::Infallible;
use std::pin::Pin;

use http::request::Parts;
use tokio::sync::OwnedSemaphorePermit;

use crate::body::{Body, Response};
use crate::error::{Error, Result};
use crate::proto::connection_info::ConnectionInfo;

/// Responds to requests.
pub(crate) trait Application: Lifecycle + Clone {
    type Future: Future<Output = Result<Response, Infallible>> + Send + Unpin + 'static;

    /// The response to a request. `permit` is dropped when the request has ended, even if its
    /// client has disconnected.
    fn call(
        &self,
        parts: Parts,
        body: Body,
        connection: ConnectionInfo,
        permit: Option<OwnedSemaphorePermit>,
    ) -> Self::Future;

    /// The response to a request that the server does not accept; `parts` is `None` if it could
    /// not be parsed.
    fn reject(&self, error: Error, parts: Option<Parts>) -> Self::Future;

    /// The maximum length of path and query in bytes. A head that is too large gets 414 instead
    /// of 431 if its target is longer.
    fn max_uri_length(&self) -> usize;
}

/// Starts and stops with the server.
pub(crate) trait Lifecycle: Send + Sync + 'static {
    /// Runs before the first connection is accepted.
    fn start(&self) -> BoxFuture<'_, Result<()>>;

    /// Runs after the last request, also if the start failed.
    fn stop(&self) -> BoxFuture<'_, ()>;

    fn shutdown(&self, stage: ShutdownStage);

    /// Waits for requests that outlive their connection.
    fn finish(&self) -> BoxFuture<'_, ()>;

    /// The number of requests that outlive their connection.
    fn unfinished(&self) -> usize;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShutdownStage {
    /// The server will stop. It still accepts connections during the shutdown delay.
    Announced,
    /// The server accepts no connections any more. Running requests are finished.
    Draining,
    /// The shutdown timeout is over. Running requests are aborted.
    Aborted,
}

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
