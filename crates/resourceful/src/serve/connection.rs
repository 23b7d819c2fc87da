//! One connection: which protocol, then hyper until its end.

use std::future::{Future as _, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Version;
use http::header::{CONNECTION, HOST, HeaderValue, TRANSFER_ENCODING};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::error::{BoxError, Error, Result};
use crate::host::Host;
use crate::incoming::UnreadFlag;
use crate::observe;
use crate::origin::Origin;
use crate::response::Body;
use crate::service::AppService;
#[cfg(feature = "tls")]
use crate::tls::Tls;

use super::flood::Counted;
use super::flow::Streams;
use super::limits::Limits;
use super::pace::{Pace, PacedAnswer, Verdict};
use super::refusal;
use super::socket::Socket;
use super::stream::{Protocol, Stream};

/// How long a client may go on sending after it was answered for the last time.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) origin: Origin,
    pub(super) service: AppService,
    pub(super) limits: Arc<Limits>,
    /// The tasks of HTTP/2 streams, which outlive their connection.
    pub(super) streams: TaskTracker,
    /// What the clock looks at.
    pub(super) pace: Arc<Pace>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Tls>,
}

impl Connection {
    /// Serves until the client is done, or `drain` is closed and the requests that run are
    /// answered.
    pub(super) async fn serve(self, mut drain: watch::Receiver<()>) {
        let limit = self.limits.header_timeout;
        let begun = tokio::select! {
            begun = timeout(limit, self.begin()) => begun,
            _ = drain.changed() => return,
        };
        let outcome = match begun {
            Ok(Ok((connection, Protocol::Http1))) => connection.serve_http1(drain).await,
            Ok(Ok((connection, Protocol::Http2))) => connection.serve_http2(drain).await,
            Ok(Err(error)) => Err(error.into()),
            Err(_elapsed) => {
                observe::refused("slow_head");
                Err("it did not begin in time".into())
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "connection ended");
        }
    }

    /// Shakes hands, where TLS is spoken, and finds out what comes.
    async fn begin(mut self) -> io::Result<(Self, Protocol)> {
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls.take() {
            let (stream, protocol) = self.stream.encrypt(tls).await?;
            self.origin.is_encrypted = true;
            return Ok((Self { stream, ..self }, protocol));
        }
        let protocol = self.stream.begin().await?;
        Ok((self, protocol))
    }

    async fn serve_http1(self, drain: watch::Receiver<()>) -> Result<(), BoxError> {
        let Self {
            stream,
            origin,
            service,
            limits,
            pace,
            ..
        } = self;
        let noted = &pace;
        let walk = service_fn(|request: hyper::Request<Incoming>| {
            let is_plain = noted.request();
            // What is left of a body would be read as the next request.
            let unread = (!request.body().is_end_stream()).then(UnreadFlag::default);
            let answer = match check(&request, is_plain, unread.is_some()) {
                Ok(()) => {
                    let request = match &unread {
                        Some(flag) => {
                            request.map(|body| Body::arriving(body, Some(Arc::clone(flag))))
                        }
                        None => request.map(|_| Body::empty()),
                    };
                    service.walk(request, Some(origin)).closing_when(unread)
                }
                Err(error) => {
                    observe::refused("bad_request");
                    service.refuse(error, request.map(|_| Body::empty()))
                }
            };
            PacedAnswer {
                answer,
                pace: noted,
            }
        });
        let mut builder = http1::Builder::new();
        builder
            // A client may close its side and still read the answer.
            .half_close(true)
            // Head and body in one buffer: cheaper for the small answers of an API.
            // `pipeline_flush` would be, too, but holds an answer back while the beginning of
            // a next request has come, and loses hyper's own 400.
            .writev(false)
            .max_header_size(limits.max_header_bytes as usize);
        if limits.max_headers != Limits::HYPERS_HEADERS {
            builder.max_headers(limits.max_headers);
        }
        let socket = Socket::new(stream, Arc::clone(&pace));
        let mut connection = builder.serve_connection(socket, walk);
        let outcome = until_ended(
            &mut connection,
            &pace,
            drain.clone(),
            http1::Connection::poll_without_shutdown,
            |connection| Pin::new(connection).graceful_shutdown(),
        )
        .await;
        let parts = connection.into_parts();
        let (mut stream, refused) = parts.io.into_parts();
        if let Some(takeover) = pace.takeover() {
            takeover.run(stream, parts.read_buf).await;
            return outcome;
        }
        let refused = match pace.verdict() {
            // Whoever does not read does not read what is said of it either.
            Some(Verdict::Stalled) => {
                observe::refused("stalled");
                return Err("the client does not read".into());
            }
            Some(Verdict::SlowHead) => Some(408),
            Some(Verdict::Idle) | None => refused,
        };
        if let Some(status) = refused {
            observe::refused(refusal::reason(status));
            let response = service.refuse_unread(refusal::error(status));
            let said = refusal::to_bytes(&response);
            let _ = timeout(LINGER_TIMEOUT, stream.write_all(&said)).await;
        }
        close(&mut stream, drain).await;
        outcome
    }

    async fn serve_http2(self, drain: watch::Receiver<()>) -> Result<(), BoxError> {
        let Self {
            stream,
            origin,
            service,
            limits,
            streams,
            pace,
            ..
        } = self;
        let streams = Streams::new(streams, limits.write_timeout);
        let watched = streams.clone();
        let walk = service_fn(move |request: hyper::Request<Incoming>| {
            let request = request.map(Body::from);
            watched.watch(service.walk(request, Some(origin)))
        });
        let connection = http2::Builder::new(streams)
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.max_streams)
            .max_header_list_size(limits.max_header_bytes)
            // Somebody who is gone without a word does not answer.
            .keep_alive_interval(limits.ping.0)
            .keep_alive_timeout(limits.ping.1)
            .serve_connection(Counted::new(stream), walk);
        // Its pings are its clock.
        pace.request();
        until_ended(
            &mut pin!(connection),
            &pace,
            drain,
            |connection, cx| connection.as_mut().poll(cx),
            |connection| connection.as_mut().graceful_shutdown(),
        )
        .await
    }
}

/// What HTTP/1 leaves to be checked once a head is read (RFC 9112 sections 3.2 and 6.1).
fn check(request: &hyper::Request<Incoming>, is_plain: bool, has_body: bool) -> Result<()> {
    let headers = request.headers();
    if !is_plain {
        return Err(ambiguous("The length of the body is given twice."));
    }
    if has_body
        && let Some(encoding) = headers.get(TRANSFER_ENCODING)
        && !encoding.as_bytes().eq_ignore_ascii_case(b"chunked")
    {
        return Err(ambiguous("The only Transfer-Encoding is `chunked`."));
    }
    if request.version() == Version::HTTP_11 {
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        if host.and_then(Host::parse).is_none() || hosts.next().is_some() {
            return Err(ambiguous(
                "The request must have one Host, and a valid one.",
            ));
        }
    }
    Ok(())
}

/// 400, after which nothing more is read: what follows may be anything.
fn ambiguous(detail: &'static str) -> Error {
    Error::bad_request(detail).with_header(CONNECTION, HeaderValue::from_static("close"))
}

/// Polls `connection` to its end, tells it once when `drain` is closed, and leaves it when its
/// time is over.
///
/// A connection is polled for every request. So the wait for the drain is polled once, to
/// leave the task's waker there, and after that only looked at: one load. The same holds for
/// the clock.
async fn until_ended<C>(
    connection: &mut C,
    pace: &Pace,
    drain: watch::Receiver<()>,
    poll: impl Fn(&mut C, &mut Context<'_>) -> Poll<Result<(), hyper::Error>>,
    shut_down: impl Fn(&mut C),
) -> Result<(), BoxError> {
    let mut waiting = drain.clone();
    let mut closed = pin!(waiting.changed());
    let mut is_registered = false;
    let mut is_draining = false;
    poll_fn(|cx| {
        if !is_registered {
            is_registered = true;
            // Ready is as good as pending: the look below sees it.
            let _ = closed.as_mut().poll(cx);
            pace.register(cx);
        }
        if !is_draining && drain.has_changed().is_err() {
            is_draining = true;
            shut_down(connection);
        }
        let outcome = poll(connection, cx);
        let is_over = pace.verdict().is_some() || (is_draining && pace.may_be_closed());
        if outcome.is_pending() && is_over {
            return Poll::Ready(Ok(()));
        }
        outcome
    })
    .await?;
    Ok(())
}

/// Says that nothing more will come, then reads away what the client is still sending.
///
/// Closed at once, a connection with unread bytes is reset, and the client may lose the answer
/// that refused them (RFC 9112 section 9.6).
async fn close(stream: &mut Stream, mut drain: watch::Receiver<()>) {
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(stream, &mut tokio::io::sink()).await
    };
    tokio::select! {
        _ = timeout(LINGER_TIMEOUT, rest) => {}
        _ = drain.changed() => {}
    }
}
