//! A connection that speaks HTTP/1.

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

use super::connection::Connection;
use super::driver::{Driven, close, until_ended};
use super::http1_error;
use super::http1_io::Socket;
use super::limits::{LINGER_TIMEOUT, Limits};
use super::watchdog::{Pace, PacedAnswer, Verdict};

/// How much is kept of what a client sends, or does not read, before it is waited for. A head has
/// to fit in.
const MAX_BUFFER: usize = 64 * 1024;

/// Serves one request after the other.
pub(super) async fn serve(
    connection: Box<Connection>,
    drain: &watch::Receiver<()>,
) -> Result<(), BoxError> {
    let Connection {
        stream,
        origin,
        service,
        limits,
        pace,
        ..
    } = connection.unboxed();
    let (walked, noted) = (&service, &pace);
    let walk = service_fn(|request| PacedAnswer {
        answer: answer(walked, noted, request, origin),
        pace: noted,
    });
    let socket = Socket::new(stream, Arc::clone(&pace));
    let mut connection = builder(&limits).serve_connection(socket, walk);
    let driven = Http1 {
        connection: &mut connection,
        pace: &pace,
    };
    let outcome = until_ended(driven, &pace, drain).await;
    let parts = connection.into_parts();
    let longest_target = service
        .settings()
        .max_uri_length
        .min(limits.max_header_bytes as usize);
    let last = end(
        parts.io,
        parts.read_buf,
        &service,
        &pace,
        longest_target,
        drain,
    );
    Box::pin(last).await?;
    outcome
}

struct Http1<'c, S: HttpService<Incoming>> {
    connection: &'c mut http1::Connection<Socket, S>,
    pace: &'c Pace,
}

impl<S> Driven for Http1<'_, S>
where
    S: HttpService<Incoming, ResBody = Body> + Unpin,
    S::Error: Into<BoxError>,
    S::Future: Unpin,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        let outcome = self.connection.poll_without_shutdown(cx);
        self.pace.settle();
        outcome
    }

    fn shut_down(&mut self) {
        Pin::new(&mut *self.connection).graceful_shutdown();
    }

    fn owes_nothing(&mut self, _: &mut Context<'_>) -> bool {
        self.pace.may_be_closed()
    }
}

fn builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        // A client may close its side and still read the answer.
        .half_close(true)
        // Head and body in one buffer: cheaper for the small answers of an API. `pipeline_flush`
        // would be, too, but holds an answer back while the beginning of a next request has
        // come, and loses hyper's own 400.
        .writev(false)
        // Bounds what is written ahead, too.
        .max_buf_size(MAX_BUFFER.max(limits.max_header_bytes as usize))
        .max_header_size(limits.max_header_bytes as usize);
    if limits.max_headers != Limits::HYPERS_HEADERS {
        builder.max_headers(limits.max_headers);
    }
    builder
}

fn answer(
    service: &AppService,
    pace: &Pace,
    request: hyper::Request<Incoming>,
    origin: ConnectionInfo,
) -> ResponseFuture {
    let (parts, body) = request.into_parts();
    let target = parts.uri.path_and_query();
    let target_end = parts.method.as_str().len() + 1 + target.map_or(0, |it| it.as_str().len());
    let is_plain = pace.request(target_end, parts.headers.len(), body.size_hint().exact());
    if let Err(error) = check(&parts, &body, is_plain) {
        telemetry::refused("bad_request");
        return service.refuse(error, parts);
    }
    if body.is_end_stream() {
        return service.walk(parts, Body::empty(), Some(origin));
    }
    let body_state = BodyState::default();
    let body = Body::from_hyper(body, Some(body_state.clone()));
    service.walk(parts, body, Some(origin)).after(body_state)
}

/// What comes after the last request: another protocol, or the last word.
async fn end(
    socket: Socket,
    read: bytes::Bytes,
    service: &AppService,
    pace: &Pace,
    longest_target: usize,
    drain: &watch::Receiver<()>,
) -> Result<(), BoxError> {
    let (mut stream, refused) = socket.into_parts();
    if let Some(takeover) = pace.takeover() {
        takeover.run(stream, read).await;
        return Ok(());
    }
    let refused = match pace.verdict() {
        // Whoever does not read does not read what is said of it either.
        Some(Verdict::Stalled) => {
            telemetry::refused("stalled");
            return Err("the client does not read".into());
        }
        Some(Verdict::SlowHead) => Some(408),
        // hyper has one limit for the whole head; this much of it is the target.
        Some(Verdict::Idle | Verdict::Leaving) | None => match refused {
            Some(431) if pace.request_line() > longest_target => Some(414),
            refused => refused,
        },
    };
    if let Some(status) = refused {
        telemetry::refused(http1_error::reason(status));
        let response = service.refuse_unread(http1_error::error(status));
        let said = http1_error::to_bytes(&response);
        let _ = timeout(LINGER_TIMEOUT, stream.write_all(&said)).await;
    }
    close(&mut stream, drain).await;
    Ok(())
}

/// What HTTP/1 leaves to be checked once a head is read (RFC 9112 sections 3.2 and 6.1).
fn check(parts: &Parts, body: &Incoming, is_plain: bool) -> Result<()> {
    let headers = &parts.headers;
    if !is_plain {
        return Err(ambiguous(
            "The length of the body is given twice, or the target has a fragment.",
        ));
    }
    let is_sized = body.size_hint().exact().is_some();
    if !is_sized
        && let Some(encoding) = headers.get(TRANSFER_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"chunked")
    {
        return Err(ambiguous("The only Transfer-Encoding is `chunked`."));
    }
    if !host::is_unambiguous(parts) {
        return Err(ambiguous(host::AMBIGUOUS));
    }
    Ok(())
}

/// 400, after which nothing more is read: what follows may be anything.
fn ambiguous(detail: &'static str) -> Error {
    Error::bad_request(detail).with_header(CONNECTION, HeaderValue::from_static("close"))
}
