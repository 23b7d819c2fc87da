//! A tower service that requests share, and its result as a [`Response`].

use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http_body::Body as HttpBody;
use tower_service::Service;

use crate::body::{Body, Response};
use crate::error::{BoxError, Error, Result};

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

/// Calls a service when it is ready.
///
/// # Errors
/// 500 if the service fails.
pub(crate) async fn call<S, B>(mut service: S, request: http::Request<Body>) -> Result<Response>
where
    S: Service<http::Request<Body>, Response = http::Response<B>>,
    S::Error: Into<BoxError>,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    poll_fn(|cx| service.poll_ready(cx))
        .await
        .map_err(Error::internal)?;
    let response = service.call(request).await.map_err(Error::internal)?;
    Ok(response.map(Body::from_any))
}
