//! Telemetry of requests: a span and a log line for each and, with the feature `metrics`, metrics.
//! If the span is disabled and there are no metrics, requests have no telemetry.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http::{Method, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tracing::level_filters::LevelFilter;
use tracing::{Level, Span};

use crate::body::Body;
use crate::error::BoxError;
use crate::metrics;
use crate::request::head::{Head, below};
use crate::request::route::Route;
use crate::response::reply::Reply;
use crate::trace_context::continue_trace;

/// Selects the requests of an endpoint that are logged and measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telemetry {
    All,
    /// The requests that do not reach the mounted application: it logs the others itself.
    Refusals,
    Off,
}

/// Telemetry of one request, until the last byte of its response. The log line is written on drop,
/// so that a request whose client disconnected gets one, too.
pub(crate) struct RequestTelemetry {
    span: Span,
    method: Method,
    route: Arc<Route>,
    /// The prefix before the route, if another application has mounted this one.
    root_path: Option<Arc<str>>,
    started: Instant,
    status: Option<StatusCode>,
    bytes: u64,
}

impl RequestTelemetry {
    /// Starts the telemetry. `None` if the span is disabled and there are no metrics, or if the
    /// request has its telemetry outside the layers.
    pub(crate) fn new(head: &Head) -> Option<Self> {
        if head.is_measured() {
            return None;
        }
        let span = if LevelFilter::current() >= Level::INFO {
            span_of(head)
        } else {
            // With the feature `log` of tracing, which dependencies switch on, it would still format its fields.
            Span::none()
        };
        if span.is_disabled() && !cfg!(feature = "metrics") {
            return None;
        }
        continue_trace(&span, head.traceparent());
        metrics::request_started(&head.parts.method);
        Some(Self {
            span,
            method: head.parts.method.clone(),
            route: Arc::clone(&head.route),
            root_path: head.mounted_at().cloned(),
            started: head.started(),
            status: None,
            bytes: 0,
        })
    }

    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Records the response. The bytes of a stream are counted as they are sent.
    pub(crate) fn completed(mut self, reply: Reply) -> Reply {
        self.status = Some(reply.status());
        match reply.len() {
            // The body of a response to HEAD is not sent.
            _ if self.method == Method::HEAD => reply,
            Some(bytes) => {
                self.bytes = bytes as u64;
                reply
            }
            None => reply.map_body(|body| {
                Body::new(CountedBody {
                    body,
                    observed: self,
                })
            }),
        }
    }
}

impl Drop for RequestTelemetry {
    fn drop(&mut self) {
        let time = self.started.elapsed();
        let (status, route) = (self.status, self.route.pattern.as_str());
        let route = below(self.root_path.as_ref(), route);
        metrics::request_ended(&self.method, &route, status, time);
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let _entered = self.span.enter();
        let Some(status) = status.map(|status| status.as_u16()) else {
            tracing::info!(microseconds, "request abandoned");
            return;
        };
        self.span.record("status", status);
        tracing::info!(
            status,
            microseconds,
            bytes = self.bytes,
            "request completed"
        );
    }
}

/// The span of a request. It is disabled if no subscriber records it.
fn span_of(head: &Head) -> Span {
    let root_path = || head.mounted_at();
    tracing::info_span!(
        "request",
        // The name of the span in OpenTelemetry.
        otel.name = format_args!("{} {}", head.parts.method, below(root_path(), &head.route.pattern)),
        otel.kind = "server",
        method = %head.parts.method,
        path = &*head.full_path(),
        route = &*below(root_path(), &head.route.pattern),
        id = %head.id(),
        status = tracing::field::Empty,
    )
}

/// A body that counts its bytes as they are sent.
struct CountedBody {
    body: Body,
    observed: RequestTelemetry,
}

impl HttpBody for CountedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            self.observed.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
