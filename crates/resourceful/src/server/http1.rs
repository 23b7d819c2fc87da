//! Serves an HTTP/1 connection: request after request, then an upgrade or an error response.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{CONNECTION, HeaderValue, TRANSFER_ENCODING};
use http::request::Parts;
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{HttpService, service_fn};
use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::body::Body;
use crate::body::incoming::BodyState;
use crate::endpoint::response_future::ResponseFuture;
use crate::endpoint::telemetry;
use crate::error::{BoxError, Error, Result};
use crate::proto::connection_info::ConnectionInfo;
use crate::proto::host;
use crate::service::AppService;

use super::close_reason::CloseReason;
use super::connection::Connection;
use super::connection_state::ConnectionState;
use super::driver::{HttpConnection, close, drive};
use super::http1_error::{self, HeadError};
use super::http1_io::Http1Io;
use super::http1_response::Http1Response;
use super::limits::{LINGER_TIMEOUT, Limits};

/// The size of hyper's buffers, in bytes: what is read ahead of a service or of a client that does
/// not read. A head has to fit in.
const MAX_BUFFER: usize = 64 * 1024;

/// Serves one request after the other.
pub(super) async fn serve(
    connection: Box<Connection>,
    drain: &watch::Receiver<()>,
) -> Result<(), BoxError> {
    let Connection {
        stream,
        info,
        service,
        limits,
        state,
        ..
    } = connection.unboxed();
    let (application, noted) = (&service, &state);
    let hyper_service = service_fn(|request| Http1Response {
        future: respond(application, noted, request, info),
        state: noted,
    });
    let io = Http1Io::new(stream, Arc::clone(&state));
    let mut connection = builder(&limits).serve_connection(io, hyper_service);
    let driven = Http1Connection {
        connection: &mut connection,
        state: &state,
    };
    let result = drive(driven, &state, drain).await;
    let parts = connection.into_parts();
    let max_target = service
        .settings()
        .max_uri_length
        .min(limits.max_header_bytes as usize);
    let end = finish(
        parts.io,
        parts.read_buf,
        &service,
        &state,
        max_target,
        drain,
    );
    Box::pin(end).await?;
    result
}

struct Http1Connection<'c, S: HttpService<Incoming>> {
    connection: &'c mut http1::Connection<Http1Io, S>,
    state: &'c ConnectionState,
}

impl<S> HttpConnection for Http1Connection<'_, S>
where
    S: HttpService<Incoming, ResBody = Body> + Unpin,
    S::Error: Into<BoxError>,
    S::Future: Unpin,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        let result = self.connection.poll_without_shutdown(cx);
        self.state.check_buffered();
        result
    }

    fn graceful_shutdown(&mut self) {
        Pin::new(&mut *self.connection).graceful_shutdown();
    }

    fn is_drained(&mut self, _: &mut Context<'_>) -> bool {
        self.state.is_http1_drained()
    }
}

fn builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // A client may close its side and still read the response.
        .half_close(true)
        // Head and body in one buffer: cheaper for the small responses of an API. `pipeline_flush`
        // would be cheaper, too, but holds a response back when the start of a next request was
        // received, and loses hyper's own 400.
        .writev(false)
        // Limits the write buffer, too.
        .max_buf_size(MAX_BUFFER.max(limits.max_header_bytes as usize))
        .max_header_size(limits.max_header_bytes as usize);
    if limits.max_headers != Limits::HYPER_MAX_HEADERS {
        builder.max_headers(limits.max_headers);
    }
    builder
}

fn respond(
    service: &AppService,
    state: &ConnectionState,
    request: hyper::Request<Incoming>,
    info: ConnectionInfo,
) -> ResponseFuture {
    let (parts, body) = request.into_parts();
    let is_plain = state.request_parsed(parts.headers.len(), body.size_hint().exact());
    if let Err(error) = check(&parts, &body, is_plain) {
        telemetry::refused("bad_request");
        return service.refuse(error, parts);
    }
    if body.is_end_stream() {
        return service.walk(parts, Body::empty(), Some(info));
    }
    let body_state = BodyState::default();
    let body = Body::arriving(body, Some(body_state.clone()));
    service.walk(parts, body, Some(info)).after(body_state)
}

/// After the last request: runs an upgrade, or sends an error response; then closes.
async fn finish(
    io: Http1Io,
    read: bytes::Bytes,
    service: &AppService,
    state: &ConnectionState,
    max_target: usize,
    drain: &watch::Receiver<()>,
) -> Result<(), BoxError> {
    let (mut stream, error) = io.into_parts();
    if let Some(upgrade) = state.http1.take_upgrade() {
        upgrade.run(stream, read).await;
        return Ok(());
    }
    let error = match state.close_reason() {
        // A stalled client does not read an error response either.
        Some(CloseReason::Stalled) => {
            telemetry::refused("stalled");
            return Err("the client does not read".into());
        }
        Some(CloseReason::SlowHead) => Some(HeadError::Timeout),
        Some(CloseReason::Idle | CloseReason::GoAway) | None => match error {
            Some(HeadError::TooLarge) if state.http1.request_line_len() > max_target => {
                Some(HeadError::TargetTooLong)
            }
            error => error,
        },
    };
    if let Some(error) = error {
        telemetry::refused(error.reason());
        let response = service.refuse_unread(error.into());
        let bytes = http1_error::to_bytes(&response);
        let _ = timeout(LINGER_TIMEOUT, stream.write_all(&bytes)).await;
    }
    close(&mut stream, drain).await;
    Ok(())
}

/// Checks a head for faults that hyper accepts (RFC 9112 sections 3.2 and 6.1).
fn check(parts: &Parts, body: &Incoming, is_plain: bool) -> Result<()> {
    let headers = &parts.headers;
    if !is_plain {
        return Err(bad_framing(
            "The length of the body is given twice, or the target has a fragment.",
        ));
    }
    let is_sized = body.size_hint().exact().is_some();
    if !is_sized
        && let Some(encoding) = headers.get(TRANSFER_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"chunked")
    {
        return Err(bad_framing("The only Transfer-Encoding is `chunked`."));
    }
    if !host::is_one(parts) {
        return Err(bad_framing(host::NOT_ONE));
    }
    Ok(())
}

/// 400. The connection is closed, because it is unknown where the next request starts.
fn bad_framing(detail: &'static str) -> Error {
    Error::bad_request(detail).with_header(CONNECTION, HeaderValue::from_static("close"))
}
