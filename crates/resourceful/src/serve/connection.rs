//! One connection: which protocol, then hyper until its end.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::Body as _;
use hyper::body::Incoming;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::error::BoxError;
use crate::response::{Body, UnreadFlag};
use crate::service::AppService;

use super::pace::{Pace, PacedAnswer, PacedIo, Verdict};

/// How long the first bytes may take.
const SNIFF_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may go on sending after it was answered for the last time.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// What is said to a client whose head did not come to its end (RFC 9110 section 15.5.9).
const REQUEST_TIMEOUT: &[u8] =
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// When an HTTP/2 client is asked whether it is still there, and how long it has to answer.
const PING_INTERVAL: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// What an HTTP/2 connection begins with (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2";

pub(super) struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    service: AppService,
    /// The tasks of HTTP/2 streams, which outlive their connection.
    streams: TaskTracker,
    /// What the clock looks at.
    pace: Arc<Pace>,
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
    pub(super) fn new(
        stream: TcpStream,
        peer: SocketAddr,
        service: AppService,
        streams: TaskTracker,
        pace: Arc<Pace>,
    ) -> Self {
        Self {
            stream,
            peer,
            service,
            streams,
            pace,
        }
    }

    /// Serves until the client is done, or `drain` is closed and the requests that run are
    /// answered.
    pub(super) async fn serve(self, mut drain: watch::Receiver<()>) {
        // Small answers leave at once; without this Nagle and delayed acknowledgements wait
        // for each other.
        let _ = self.stream.set_nodelay(true);
        let is_http2 = tokio::select! {
            is_http2 = timeout(SNIFF_TIMEOUT, begins_as_http2(&self.stream)) => is_http2,
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
            peer,
            service,
            pace,
            ..
        } = self;
        let noted = &pace;
        let walk = service_fn(move |request: hyper::Request<Incoming>| {
            noted.request();
            // What is left of a body would be read as the next request.
            let unread = (!request.body().is_end_stream()).then(UnreadFlag::default);
            let request = match &unread {
                Some(flag) => request.map(|body| Body::watched(body, Arc::clone(flag))),
                None => request.map(|_| Body::empty()),
            };
            PacedAnswer {
                answer: service.walk(request, Some(peer)).closing_when(unread),
                pace: noted,
            }
        });
        let io = PacedIo {
            io: TokioIo::new(stream),
            pace: Arc::clone(&pace),
        };
        let mut connection = http1::Builder::new()
            // A client may close its side and still read the answer.
            .half_close(true)
            // Head and body in one buffer: cheaper for the small answers of an API.
            // `pipeline_flush` would be, too, but holds an answer back while the beginning of
            // a next request has come, and loses hyper's own 400.
            .writev(false)
            .serve_connection(io, walk);
        let outcome = until_ended(
            &mut connection,
            &pace,
            drain.clone(),
            http1::Connection::poll_without_shutdown,
            |connection| Pin::new(connection).graceful_shutdown(),
        )
        .await;
        let mut stream = connection.into_parts().io.io.into_inner();
        match pace.verdict() {
            // Whoever does not read does not read what is said of it either.
            Some(Verdict::Stalled) => return Err("the client does not read".into()),
            Some(Verdict::SlowHead) => {
                let _ = stream.try_write(REQUEST_TIMEOUT);
            }
            Some(Verdict::Idle) | None => {}
        }
        close(&mut stream, drain).await;
        outcome
    }

    async fn serve_http2(self, drain: watch::Receiver<()>) -> Result<(), BoxError> {
        let Self {
            stream,
            peer,
            service,
            streams,
            pace,
            ..
        } = self;
        let walk = service_fn(move |request: hyper::Request<Incoming>| {
            service.walk(request.map(Body::from), Some(peer))
        });
        let connection = http2::Builder::new(Tracked(streams))
            .timer(TokioTimer::new())
            .max_concurrent_streams(100)
            // Somebody who is gone without a word does not answer.
            .keep_alive_interval(PING_INTERVAL)
            .keep_alive_timeout(PING_TIMEOUT)
            .serve_connection(TokioIo::new(stream), walk);
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
async fn close(stream: &mut TcpStream, mut drain: watch::Receiver<()>) {
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(stream, &mut tokio::io::sink()).await
    };
    tokio::select! {
        _ = timeout(LINGER_TIMEOUT, rest) => {}
        _ = drain.changed() => {}
    }
}

/// Looks at the first bytes without taking them.
async fn begins_as_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        let seen = stream.peek(&mut first).await?;
        if seen == 0 || !PREFACE.starts_with(&first[..seen]) {
            return Ok(false);
        }
        if seen == PREFACE.len() {
            return Ok(true);
        }
        // The first bytes of a preface, or of `PUT`: a peek does not wait for further ones, so
        // look again soon. Only a client that sends byte by byte comes here.
        sleep(Duration::from_millis(5)).await;
    }
}
