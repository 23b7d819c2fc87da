//! [`Next`]: the tower layers between the route of a request and its endpoint.
//!
//! The route is found first, so that the log line of a request, its timeout and its run to the end
//! are outside the layers. Errors become responses inside them.

use std::convert::Infallible;
use std::future::{Future, ready};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderMap, HeaderValue, RANGE};
use http_body::Body as HttpBody;
use tower_layer::Layer;
use tower_service::Service;

use crate::body::{Body, Response};
use crate::endpoint::error_response::error_response;
use crate::endpoint::response_future::ResponseFuture;
use crate::endpoint::telemetry::{RequestTelemetry, Telemetry};
use crate::endpoint::{Endpoint, observed};
use crate::error::{BoxError, Error, Result};
use crate::handler::gate::Gates;
use crate::request::Request;
use crate::request::head::Head;
use crate::response::problem_reply::problem_reply;
use crate::response::reply::{Content, Reply};
use crate::response::tower_service::{HttpService, SharedService};
use crate::task::catch_panic::CatchPanic;

/// The time that layers have beyond the timeout of a request. The 503 of the endpoint passes through
/// them in this time.
const GRACE: Duration = Duration::from_secs(1);

/// The service inside a layer: the rest of the application.
///
/// [`App::layer`](crate::App::layer) gives it to the layer.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::Next;
/// use tower::util::MapRequest;
///
/// fn in_english(next: Next) -> MapRequest<Next, fn(http::Request<resourceful::Body>) -> http::Request<resourceful::Body>> {
///     MapRequest::new(next, |mut request| {
///         request.headers_mut().insert("accept-language", "en".parse().expect("it is ASCII"));
///         request
///     })
/// }
///
/// let app = App::new().layer(tower::layer::layer_fn(in_english));
/// ```
#[derive(Clone, Default)]
pub struct Next(Option<Arc<dyn InnerService>>);

impl Next {
    /// Puts a layer around these.
    pub(crate) fn layered<L>(self, layer: &L) -> Self
    where
        L: Layer<Self>,
        L::Service: HttpService,
    {
        Self(Some(Arc::new(SharedService::new(layer.layer(self)))))
    }
}

impl std::fmt::Debug for Next {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Next").finish_non_exhaustive()
    }
}

impl<B> Service<http::Request<B>> for Next
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let mut request = request.map(|body| Body::from_any(body).into_incoming());
        match (&self.0, request.extensions_mut().remove::<Routed>()) {
            (_, None) => {
                let error = "a layer has removed the extensions of the request";
                tracing::error!(error, "request failed");
                let error = Error::internal(error);
                Box::pin(ready(Ok(respond(problem_reply(&(&error).into(), &error)))))
            }
            (Some(inner), Some(routed)) => {
                let head = Arc::clone(&routed.head);
                request.extensions_mut().insert(routed);
                let response = inner.call(request);
                Box::pin(async move {
                    let response = CatchPanic::new(pin!(response)).await;
                    Ok(response.unwrap_or_else(|error| respond(error_response(&error, &head))))
                })
            }
            (None, Some(routed)) => routed.go_on(request),
        }
    }
}

/// A service with layers, without its type.
trait InnerService: Send + Sync {
    fn call(
        &self,
        request: http::Request<Body>,
    ) -> Pin<Box<dyn Future<Output = Result<Response>> + Send>>;
}

impl<S: HttpService> InnerService for SharedService<S> {
    fn call(
        &self,
        request: http::Request<Body>,
    ) -> Pin<Box<dyn Future<Output = Result<Response>> + Send>> {
        Box::pin(self.get().respond(request))
    }
}

/// The end of the walk of a request inside the layers.
#[derive(Clone)]
pub(crate) enum Target {
    Endpoint(Arc<dyn Endpoint>, Gates),
    /// A request that reaches no endpoint, for example a 404.
    Early(Result<Content, Arc<Error>>),
}

impl Target {
    fn telemetry(&self) -> Telemetry {
        match self {
            Self::Endpoint(endpoint, _) => endpoint.telemetry(),
            Self::Early(_) => Telemetry::All,
        }
    }
}

/// Request extension: the part of the walk after the present layers. A layer that tries again sends
/// a clone.
#[derive(Clone)]
struct Routed {
    target: Target,
    /// The head outside the layers.
    head: Arc<Head>,
    timeout: Duration,
    is_measured: bool,
    /// The layers of the applications around the route, the outermost application first.
    layers: Arc<[Next]>,
    passed: usize,
}

impl Routed {
    /// Calls the layers of the next application, or the target.
    fn go_on(
        mut self,
        mut request: http::Request<Body>,
    ) -> <Next as Service<http::Request<Body>>>::Future {
        if let Some(mut next) = self.layers.get(self.passed).cloned() {
            self.passed += 1;
            request.extensions_mut().insert(self);
            return next.call(request);
        }
        let (parts, body) = request.into_parts();
        let head = self.head.inside(parts, self.timeout, self.is_measured);
        match self.target {
            Target::Endpoint(endpoint, gates) => {
                let request = Request::new(head, body);
                let head = Arc::clone(request.head());
                Box::pin(ResponseFuture::running(endpoint.call(request, gates), head))
            }
            Target::Early(result) => {
                let reply = result.map(Reply::from);
                let reply = reply.unwrap_or_else(|error| error_response(&error, &head));
                Box::pin(ready(Ok(respond(reply))))
            }
        }
    }
}

/// Passes a request through the layers to its target.
pub(crate) fn walk_layers(
    target: Target,
    layers: &Arc<[Next]>,
    mut head: Head,
    body: Body,
) -> ResponseFuture {
    let telemetry = match target.telemetry() {
        Telemetry::All | Telemetry::Refusals => RequestTelemetry::new(&head),
        Telemetry::Off => None,
    };
    let mut request = http::Request::from_parts(head.parts.clone(), body);
    if request.headers().contains_key(RANGE) {
        // Ranges are those of the content. A layer that compresses would encode parts of it.
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    if let Some(connection) = head.origin {
        request.extensions_mut().insert(connection);
    }
    let timeout = head.timeout;
    head.timeout = timeout.saturating_add(GRACE);
    let head = Arc::new(head);
    let routed = Routed {
        target,
        head: Arc::clone(&head),
        timeout,
        is_measured: telemetry.is_some(),
        layers: Arc::clone(layers),
        passed: 0,
    };
    let running = observed(telemetry, move || run(routed, request));
    ResponseFuture::running(running, head)
}

async fn run(routed: Routed, request: http::Request<Body>) -> Reply {
    let head = Arc::clone(&routed.head);
    let work = async move {
        let Ok(mut response) = routed.go_on(request).await;
        weaken_tag(response.headers_mut());
        Ok(Reply::from(response))
    };
    let result = CatchPanic::with_timeout(pin!(work), head.cancel_timeout()).await;
    result.unwrap_or_else(|error| error_response(&error, &head))
}

/// Makes the `ETag` of an encoded response weak. A layer that compresses leaves the strong one of the
/// content, and a client would continue a download with bytes of the other encoding (RFC 9110 section
/// 8.8.3.3).
fn weaken_tag(headers: &mut HeaderMap) {
    if !headers.contains_key(CONTENT_ENCODING) {
        return;
    }
    if let Some(tag) = headers.get(ETAG).map(HeaderValue::as_bytes)
        && tag.starts_with(b"\"")
        && let Ok(weak) = HeaderValue::from_bytes(&[b"W/", tag].concat())
    {
        headers.insert(ETAG, weak);
    }
}

fn respond(reply: Reply) -> Response {
    reply.into_response(&mut HeaderMap::new())
}
