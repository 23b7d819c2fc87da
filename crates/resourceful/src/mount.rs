//! A tower service below a path of an application.

use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http_body::Body as HttpBody;
use tower_service::Service;

use crate::access::Access;
use crate::erased::{Serve, by_value};
use crate::error::{BoxError, Error, Result};
use crate::reply::Reply;
use crate::request::Request;
use crate::response::Body;
use crate::view::Guarded;

/// See [`App::mount`](crate::app::App::mount).
pub(crate) struct Mount<A, S> {
    /// Tower services are `Send` but not all of them `Sync`; each request calls a clone.
    service: Mutex<Guarded<A, S>>,
    time_limit: Option<Duration>,
    prefix: usize,
}

impl<A, S> Mount<A, S> {
    pub(crate) fn new(service: Guarded<A, S>, prefix: usize) -> Self {
        Self {
            time_limit: service.time_limit,
            service: Mutex::new(service),
            prefix,
        }
    }
}

impl<A, S, B> Serve for Mount<A, S>
where
    A: Access<()>,
    S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn time_limit(&self) -> Option<Duration> {
        self.time_limit
    }

    async fn serve(&self, request: Request) -> Reply {
        let answer = |request: Request| async move {
            A::check(&(), &request).await?;
            let inner = below(request, self.prefix)?;
            let service = self.service.lock();
            let mut service = service
                .unwrap_or_else(PoisonError::into_inner)
                .handler
                .clone();
            poll_fn(|cx| service.poll_ready(cx))
                .await
                .map_err(Error::internal)?;
            let response = service.call(inner).await.map_err(Error::internal)?;
            Ok(response.map(Body::new))
        };
        by_value(request, answer).await
    }
}

/// The request as the mounted service sees it: its path begins behind the prefix.
fn below(request: Request, prefix: usize) -> Result<http::Request<Body>> {
    let rest = &request.path()[prefix..];
    let slash = if rest.starts_with('/') { "" } else { "/" };
    let query = request
        .uri()
        .query()
        .map_or(String::new(), |query| format!("?{query}"));
    let target = format!("{slash}{rest}{query}");
    let mut inner = request.into_http();
    let mut uri = std::mem::take(inner.uri_mut()).into_parts();
    uri.path_and_query = Some(PathAndQuery::try_from(target).map_err(Error::internal)?);
    *inner.uri_mut() = http::Uri::from_parts(uri).map_err(Error::internal)?;
    Ok(inner)
}
