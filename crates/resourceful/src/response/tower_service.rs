//! [`HttpService`]: a tower service that requests share, and its result as a [`Response`].

use std::future::{Future, poll_fn};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http_body::Body as HttpBody;
use tower_service::Service;

use crate::body::{Body, Response};
use crate::error::{BoxError, Error, Result};

/// A tower service for HTTP, such as an axum router or an application with layers.
///
/// Every `tower::Service` of `http::Request<Body>` whose responses are `http::Response<_>` is one, if it is
/// `Clone` and its errors are boxable.
///
/// # Examples
/// ```
/// use std::convert::Infallible;
///
/// use resourceful::{Body, HttpService, Response};
///
/// fn is_service(_: impl HttpService) {}
/// is_service(tower::service_fn(|_: http::Request<Body>| async {
///     Ok::<_, Infallible>(Response::new("hello".into()))
/// }));
/// ```
pub trait HttpService: Clone + Send + 'static {
    /// Calls the service when it is ready.
    ///
    /// # Errors
    /// 500 if the service fails.
    #[doc(hidden)]
    fn respond(self, request: http::Request<Body>)
    -> impl Future<Output = Result<Response>> + Send;
}

impl<S, B> HttpService for S
where
    S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    async fn respond(mut self, request: http::Request<Body>) -> Result<Response> {
        let ready = poll_fn(|cx| self.poll_ready(cx));
        ready.await.map_err(Error::internal)?;
        let response = self.call(request).await.map_err(Error::internal)?;
        Ok(response.map(Body::from_any))
    }
}

/// A service of which each request calls a clone. The mutex is for services that are not `Sync`.
pub(crate) struct SharedService<S>(Mutex<S>);

impl<S: Clone> SharedService<S> {
    pub(crate) fn new(service: S) -> Self {
        Self(Mutex::new(service))
    }

    pub(crate) fn get(&self) -> S {
        let service = self.0.lock();
        service.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
