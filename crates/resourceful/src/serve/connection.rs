//! One connection: which protocol, then hyper until its end.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Version;
use http::header::{CONNECTION, HOST, HeaderValue, TRANSFER_ENCODING};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::rt::Executor;
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
use crate::origin::Origin;
use crate::response::Body;
use crate::service::AppService;

use super::flood::Counted;
use super::pace::{Pace, PacedAnswer, Verdict};
use super::refusal;
use super::socket::Socket;
use super::stream::Stream;

/// How long the first bytes may take.
const SNIFF_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may go on sending after it was answered for the last time.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// How many bytes a head may have; hyper's limit of 100 fields holds, too.
const MAX_HEAD: u16 = 16 * 1024;

/// When an HTTP/2 client is asked whether it is still there, and how long it has to answer.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// How many requests an HTTP/2 client may have running at the same time.
const MAX_STREAMS: u32 = 100;

pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) origin: Origin,
    pub(super) service: AppService,
    /// The tasks of HTTP/2 streams, which outlive their connection.
    pub(super) streams: TaskTracker,
    /// What the clock looks at.
    pub(super) pace: Arc<Pace>,
}

/// Spawns the tasks of an HTTP/2 connection where the drain waits for them.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F> Executor<F> for Tracked
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}

impl Connection {
    /// Serves until the client is done, or `drain` is closed and the requests that run are
    /// answered.
    pub(super) async fn serve(mut self, mut drain: watch::Receiver<()>) {
        let is_http2 = tokio::select! {
            is_http2 = timeout(SNIFF_TIMEOUT, self.stream.begins_as_http2()) => is_http2,
            _ = drain.changed() => return,
        };
        let outcome = match is_http2 {
            Ok(Ok(true)) => self.serve_http2(drain).await,
            Ok(Ok(false)) => self.serve_http1(drain).await,
            Ok(Err(error)) => Err(error.into()),
            Err(_elapsed) => Err("no request within ten seconds".into()),
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "connection ended");
        }
    }

    async fn serve_http1(self, drain: watch::Receiver<()>) -> Result<(), BoxError> {
        let Self {
            stream,
            origin,
            service,
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
                Err(error) => service.refuse(error, request.map(|_| Body::empty())),
            };
            PacedAnswer {
                answer,
                pace: noted,
            }
        });
        let mut connection = http1::Builder::new()
            // A client may close its side and still read the answer.
            .half_close(true)
            // Head and body in one buffer: cheaper for the small answers of an API.
            // `pipeline_flush` would be, too, but holds an answer back while the beginning of
            // a next request has come, and loses hyper's own 400.
            .writev(false)
            .max_header_size(MAX_HEAD.into())
            .serve_connection(Socket::new(stream, Arc::clone(&pace)), walk);
        let outcome = until_ended(
            &mut connection,
            &pace,
            drain.clone(),
            http1::Connection::poll_without_shutdown,
            |connection| Pin::new(connection).graceful_shutdown(),
        )
        .await;
        let (mut stream, refused) = connection.into_parts().io.into_parts();
        let refused = match pace.verdict() {
            // Whoever does not read does not read what is said of it either.
            Some(Verdict::Stalled) => return Err("the client does not read".into()),
            Some(Verdict::SlowHead) => Some(408),
            Some(Verdict::Idle) | None => refused,
        };
        if let Some(status) = refused {
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
            streams,
            pace,
            ..
        } = self;
        let walk = service_fn(move |request: hyper::Request<Incoming>| {
            let request = request.map(|body| {
                if body.is_end_stream() {
                    Body::empty()
                } else {
                    Body::from(body)
                }
            });
            service.walk(request, Some(origin))
        });
        let connection = http2::Builder::new(Tracked(streams))
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .max_header_list_size(MAX_HEAD.into())
            // Somebody who is gone without a word does not answer.
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
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
