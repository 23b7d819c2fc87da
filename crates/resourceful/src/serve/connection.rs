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

/// How long the first bytes may take.
const SNIFF_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may go on sending after it was answered for the last time.
const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

/// What an HTTP/2 connection begins with (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2";

pub(super) struct Connection {
    stream: TcpStream,
    peer: SocketAddr,
    service: AppService,
    /// The tasks of HTTP/2 streams, which outlive their connection.
    streams: TaskTracker,
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
    ) -> Self {
        Self {
            stream,
            peer,
            service,
            streams,
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
            ..
        } = self;
        let walk = service_fn(move |request: hyper::Request<Incoming>| {
            // What is left of a body would be read as the next request.
            let unread = (!request.body().is_end_stream()).then(UnreadFlag::default);
            let request = match &unread {
                Some(flag) => request.map(|body| Body::watched(body, Arc::clone(flag))),
                None => request.map(|_| Body::empty()),
            };
            service.walk(request, Some(peer)).closing_when(unread)
        });
        let mut connection = http1::Builder::new()
            // A client may close its side and still read the answer.
            .half_close(true)
            // Head and body in one buffer: cheaper for the small answers of an API.
            // `pipeline_flush` would be, too, but holds an answer back while the beginning of
            // a next request has come, and loses hyper's own 400.
            .writev(false)
            .serve_connection(TokioIo::new(stream), walk);
        let outcome = until_drained(
            &mut connection,
            drain.clone(),
            http1::Connection::poll_without_shutdown,
            |connection| Pin::new(connection).graceful_shutdown(),
        )
        .await;
        close(connection.into_parts().io.into_inner(), drain).await;
        outcome
    }

    async fn serve_http2(self, drain: watch::Receiver<()>) -> Result<(), BoxError> {
        let Self {
            stream,
            peer,
            service,
            streams,
        } = self;
        let walk = service_fn(move |request: hyper::Request<Incoming>| {
            service.walk(request.map(Body::from), Some(peer))
        });
        let connection = http2::Builder::new(Tracked(streams))
            .timer(TokioTimer::new())
            .max_concurrent_streams(100)
            .serve_connection(TokioIo::new(stream), walk);
        until_drained(
            &mut pin!(connection),
            drain,
            |connection, cx| connection.as_mut().poll(cx),
            |connection| connection.as_mut().graceful_shutdown(),
        )
        .await
    }
}

/// Polls `connection` to its end, and tells it once when `drain` is closed.
///
/// A connection is polled for every request. So the wait for the drain is polled once, to
/// leave the task's waker there, and after that only looked at: one load.
async fn until_drained<C>(
    connection: &mut C,
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
        }
        if !is_draining && drain.has_changed().is_err() {
            is_draining = true;
            shut_down(connection);
        }
        poll(connection, cx)
    })
    .await?;
    Ok(())
}

/// Says that nothing more will come, then reads away what the client is still sending.
///
/// Closed at once, a connection with unread bytes is reset, and the client may lose the answer
/// that refused them (RFC 9112 section 9.6).
async fn close(mut stream: TcpStream, mut drain: watch::Receiver<()>) {
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
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
