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
use tokio::time::timeout;

use crate::body::Body;
use crate::body::incoming::BodyState;
use crate::error::{BoxError, Error, Result};
use crate::metrics;
use crate::proto::connection_info::ConnectionInfo;
use crate::proto::host;

use super::application::Application;
use super::close_reason::CloseReason;
use super::config::{HYPER_MAX_HEADERS, LINGER_TIMEOUT, ServerConfig};
use super::connection::Connection;
use super::connection_state::ConnectionState;
use super::drain::DrainReceiver;
use super::driver::{HttpConnection, close, drive};
use super::http1_error::{self, HeadError};
use super::http1_io::Http1Io;
use super::http1_response::Http1Response;

/// Size of hyper's buffers in bytes: limits the bytes that are read ahead of a slow service or
/// queued for a slow client. A head must fit in.
const MAX_BUFFER: usize = 64 * 1024;

/// Serves one request after the other.
pub(super) async fn serve<A: Application>(
    connection: Box<Connection>,
    application: A,
    drain: &DrainReceiver,
) -> Result<(), BoxError> {
    let Connection {
        stream,
        info,
        config,
        state,
        ..
    } = connection.unboxed();
    let service = service_fn(|request| respond(&application, &state, drain, request, info));
    let io = Http1Io::new(stream, Arc::clone(&state));
    let mut connection = builder(&config).serve_connection(io, service);
    let driven = Http1Connection {
        connection: &mut connection,
        state: &state,
    };
    let result = drive(driven, &state, drain).await;
    let parts = connection.into_parts();
    let max_target = application
        .max_uri_length()
        .min(config.max_header_bytes as usize);
    let end = finish(
        parts.io,
        parts.read_buf,
        &application,
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

    fn is_reading_head(&self) -> bool {
        self.state.is_reading_head()
    }

    fn graceful_shutdown(&mut self) {
        Pin::new(&mut *self.connection).graceful_shutdown();
    }

    fn is_drained(&mut self, _: &mut Context<'_>) -> bool {
        self.state.is_http1_drained()
    }
}

fn builder(config: &ServerConfig) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // A client may close its side and still read the response.
        .half_close(true)
        // Head and body in one buffer: cheaper for the small responses of an API. `pipeline_flush`
        // would be cheaper, too, but holds a response back when the start of a next request was
        // received, and loses hyper's own 400.
        .writev(false)
        // Limits the write buffer, too.
        .max_buf_size(MAX_BUFFER.max(config.max_header_bytes as usize))
        .max_header_size(config.max_header_bytes as usize);
    if config.max_headers != HYPER_MAX_HEADERS {
        builder.max_headers(config.max_headers);
    }
    builder
}

fn respond<'c, A: Application>(
    application: &A,
    state: &'c Arc<ConnectionState>,
    drain: &'c DrainReceiver,
    request: hyper::Request<Incoming>,
    info: ConnectionInfo,
) -> Http1Response<'c, A::Future> {
    let (parts, body) = request.into_parts();
    let version = parts.version;
    let target = parts.uri.path_and_query().map_or(0, |it| it.as_str().len());
    let target_end = parts.method.as_str().len() + 1 + target;
    let is_plain = state.request_parsed(target_end, parts.headers.len(), body.size_hint().exact());
    // Each future is created in its place: moving one costs as much as a small check.
    if let Err(error) = check(&parts, &body, is_plain) {
        metrics::refused("bad_request");
        return Http1Response {
            version,
            future: application.reject(error, Some(parts)),
            body: None,
            state,
            drain,
        };
    }
    if body.is_end_stream() {
        return Http1Response {
            version,
            future: application.call(parts, Body::empty(), info, None),
            body: None,
            state,
            drain,
        };
    }
    let body_state = BodyState::default();
    let body = Body::from_hyper(body, Some(body_state.clone()));
    Http1Response {
        version,
        future: application.call(parts, body, info, None),
        body: Some(body_state),
        state,
        drain,
    }
}

/// After the last request: runs an upgrade, or sends an error response; then closes.
async fn finish<A: Application>(
    io: Http1Io,
    read: bytes::Bytes,
    application: &A,
    state: &ConnectionState,
    max_target: usize,
    drain: &DrainReceiver,
) -> Result<(), BoxError> {
    let (mut stream, error) = io.into_parts();
    if let Some(upgrade) = state.http1.take_upgrade() {
        upgrade.run(stream, read).await;
        return Ok(());
    }
    let error = match state.close_reason() {
        // A stalled client does not read an error response either.
        Some(CloseReason::Stalled) => {
            metrics::refused("stalled");
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
        metrics::refused(error.reason());
        let Ok(response) = application.reject(error.into(), None).await;
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
    if !host::is_unambiguous(parts) {
        return Err(bad_framing(host::AMBIGUOUS));
    }
    Ok(())
}

/// 400. The connection is closed, because it is unknown where the next request starts.
fn bad_framing(detail: &'static str) -> Error {
    Error::bad_request(detail).with_header(CONNECTION, HeaderValue::from_static("close"))
}
