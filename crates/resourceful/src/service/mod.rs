//! [`AppService`]: an application as a hyper service and, with the feature `tower`, as a tower
//! service.

pub(crate) mod lifespan;
pub(crate) mod pipeline;

use std::sync::{Arc, MutexGuard, PoisonError};

use bytes::Bytes;
use http::Version;
use http::request::Parts;
use http_body::Body as HttpBody;

use crate::body::{Body, Response};
use crate::endpoint::response_future::ResponseFuture;
use crate::error::{BoxError, Error};
use crate::proto::connection_info::{ConnectionInfo, Mounted};
use crate::proto::cookie;
use crate::request::settings::Settings;
use crate::service::lifespan::Lifespan;
use crate::service::pipeline::Pipeline;

/// A built application. Clones share the application.
///
/// `AppService` is a `hyper::service::Service` and, with the feature `tower`, a `tower::Service`
/// that can be nested in axum and wrapped in tower-http's layers. A call never fails: errors are
/// responses.
///
/// # Examples
/// ```
/// use hyper::service::Service as _;
/// use resourceful::prelude::*;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let service = App::new().build()?;
/// let request = http::Request::new(resourceful::Body::empty());
/// let response = service.call(request).await.unwrap();
/// assert_eq!(response.status(), 404);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AppService {
    pipeline: Arc<Pipeline>,
}

impl AppService {
    pub(crate) fn new(pipeline: Pipeline) -> Self {
        Self {
            pipeline: Arc::new(pipeline),
        }
    }

    /// Handles a request. `connection` is its connection to the library's server, if any.
    #[inline]
    pub(crate) fn walk(
        &self,
        parts: Parts,
        body: Body,
        connection: Option<ConnectionInfo>,
    ) -> ResponseFuture {
        // Not `>=`, which borrows: borrowed parts are copied when they are moved.
        match parts.version {
            Version::HTTP_2 | Version::HTTP_3 => self.walk_http2(parts, body, connection),
            _ => self.pipeline.walk(parts, body, connection),
        }
    }

    /// Handles an HTTP/2 request. Its client may split cookies (RFC 9113 section 8.2.3).
    fn walk_http2(
        &self,
        mut parts: Parts,
        body: Body,
        connection: Option<ConnectionInfo>,
    ) -> ResponseFuture {
        cookie::join(&mut parts.headers);
        self.pipeline.walk(parts, body, connection)
    }

    /// Handles a request from another server, or from the application that has mounted this one.
    fn call_embedded<B>(&self, request: http::Request<B>) -> ResponseFuture
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let mounted = parts.extensions.get::<Mounted>();
        let connection = mounted.and_then(|mounted| mounted.connection);
        // The library's server sets this extension if another service wraps this application.
        let connection = connection.or_else(|| parts.extensions.get().copied());
        self.walk(parts, Body::from_service(body), connection)
    }

    /// The application, if the service is one without layers around it.
    #[cfg(feature = "tower")]
    pub(crate) fn downcast<S: 'static>(service: &S) -> Option<&Self> {
        (service as &dyn std::any::Any).downcast_ref()
    }

    #[cfg(feature = "tower")]
    pub(crate) fn shared_settings(&self) -> Arc<Settings> {
        Arc::clone(&self.pipeline.settings)
    }

    /// Takes the start and stop hooks. The second call returns no hooks.
    pub(crate) fn take_lifespan(&self) -> Lifespan {
        std::mem::take(&mut self.lifespan())
    }

    pub(crate) fn lifespan(&self) -> MutexGuard<'_, Lifespan> {
        let lifespan = self.pipeline.lifespan.lock();
        lifespan.unwrap_or_else(PoisonError::into_inner)
    }

    /// The response to a request that is refused with this error.
    pub(crate) fn refuse(&self, error: Error, parts: Parts) -> ResponseFuture {
        self.pipeline.refuse(error, parts)
    }

    /// The response to bytes that never became a request.
    pub(crate) fn refuse_unread(&self, error: &Error) -> ResponseFuture {
        self.pipeline.refuse_unread(error)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.pipeline.settings
    }
}

impl std::fmt::Debug for AppService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppService")
            .field("settings", self.settings())
            .finish_non_exhaustive()
    }
}

impl<B> hyper::service::Service<http::Request<B>> for AppService
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = ResponseFuture;

    fn call(&self, request: http::Request<B>) -> ResponseFuture {
        self.call_embedded(request)
    }
}

#[cfg(feature = "tower")]
impl<B> tower_service::Service<http::Request<B>> for AppService
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = ResponseFuture;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> ResponseFuture {
        self.call_embedded(request)
    }
}
