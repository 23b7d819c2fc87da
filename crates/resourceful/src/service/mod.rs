//! An application as a service: hyper's, and with the feature `tower` tower's.

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

/// An application that is put together. A clone is the same application.
///
/// It is a `hyper::service::Service`, and with the feature `tower` a `tower::Service` that
/// can be nested in axum and wrapped in tower-http's layers. It never fails: errors are
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
    site: Arc<Pipeline>,
}

impl AppService {
    pub(crate) fn new(site: Pipeline) -> Self {
        Self {
            site: Arc::new(site),
        }
    }

    /// One request, and over which of our connections it came.
    pub(crate) fn walk(
        &self,
        mut parts: Parts,
        body: Body,
        origin: Option<ConnectionInfo>,
    ) -> ResponseFuture {
        if parts.version >= Version::HTTP_2 {
            cookie::join(&mut parts.headers);
        }
        self.site.walk(parts, body, origin)
    }

    /// A request that another server, or the application around this one, hands over.
    fn handed_over<B>(&self, request: http::Request<B>) -> ResponseFuture
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let mounted = parts.extensions.get::<Mounted>();
        let origin = mounted.and_then(|mounted| mounted.origin);
        // Set by our server, where this application is inside another service.
        let origin = origin.or_else(|| parts.extensions.get().copied());
        self.walk(parts, Body::handed_over(body), origin)
    }

    #[cfg(feature = "tower")]
    pub(crate) fn shared_settings(&self) -> Arc<Settings> {
        Arc::clone(&self.site.settings)
    }

    /// The start and stop hooks, for the server that runs them; empty the second time.
    pub(crate) fn take_lifespan(&self) -> Lifespan {
        std::mem::take(&mut self.lifespan())
    }

    pub(crate) fn lifespan(&self) -> MutexGuard<'_, Lifespan> {
        let lifespan = self.site.lifespan.lock();
        lifespan.unwrap_or_else(PoisonError::into_inner)
    }

    /// A request that must not be taken further.
    pub(crate) fn refuse(&self, error: Error, parts: Parts) -> ResponseFuture {
        self.site.refuse(error, parts)
    }

    /// The response to bytes that never became a request.
    pub(crate) fn refuse_unread(&self, error: Error) -> ResponseFuture {
        self.site.refuse_unread(error)
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.site.settings
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
        self.handed_over(request)
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
        self.handed_over(request)
    }
}
