//! One connection: which protocol, then hyper until its end.

use std::future::Future as _;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::error::BoxError;
use crate::observe;
use crate::origin::Origin;
use crate::service::AppService;
#[cfg(feature = "tls")]
use crate::tls::Tls;

use super::limits::Limits;
use super::pace::{Pace, Verdict};
use super::stream::{Protocol, Stream};
use super::{http1, http2};

/// How long a client may go on sending after it was answered for the last time.
pub(super) const LINGER_TIMEOUT: Duration = Duration::from_secs(2);

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
    pub(super) async fn serve(self: Box<Self>, mut drain: watch::Receiver<()>) {
        let limit = self.limits.header_timeout;
        // What is large and not needed by an idle connection of HTTP/1 is in boxes.
        let begun = tokio::select! {
            // What has come already is served.
            biased;
            begun = timeout(limit, Box::pin(self.begin())) => begun,
            _ = drain.changed() => return,
        };
        let outcome = match begun {
            Ok(Ok((connection, Protocol::Http1))) => http1::serve(connection, drain).await,
            Ok(Ok((connection, Protocol::Http2))) => {
                Box::pin(http2::serve(connection, drain)).await
            }
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
    async fn begin(mut self: Box<Self>) -> io::Result<(Box<Self>, Protocol)> {
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls.take() {
            let (stream, protocol) = self.stream.encrypt(tls).await?;
            let is_encrypted = true;
            let origin = Origin {
                is_encrypted,
                ..self.origin
            };
            let connection = Self {
                stream,
                origin,
                ..*self
            };
            return Ok((Box::new(connection), protocol));
        }
        let protocol = self.stream.begin().await?;
        Ok((self, protocol))
    }
}

/// A connection of hyper's, of either protocol.
pub(super) trait Driven {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>>;

    /// Takes no further requests, and ends after those that run.
    fn shut_down(&mut self);

    /// Asked during the drain: is everybody answered who is waited for?
    fn owes_nothing(&mut self, cx: &mut Context<'_>) -> bool;
}

/// Polls `connection` to its end, tells it once when `drain` is closed, and leaves it when its
/// time is over.
///
/// A connection is polled for every request. So the wait for the drain is polled once, to
/// leave the task's waker there, and after that only looked at: one load. The same holds for
/// the clock.
pub(super) async fn until_ended<C: Driven>(
    mut connection: C,
    pace: &Pace,
    drain: watch::Receiver<()>,
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
        let mut outcome = connection.poll(cx);
        let verdict = pace.verdict();
        let is_leaving = verdict == Some(Verdict::Leaving);
        if outcome.is_pending() && !is_draining && (is_leaving || drain.has_changed().is_err()) {
            // What has come already is served; nothing after it.
            is_draining = true;
            connection.shut_down();
            outcome = connection.poll(cx);
        }
        let is_over =
            (verdict.is_some() && !is_leaving) || (is_draining && connection.owes_nothing(cx));
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
pub(super) async fn close(stream: &mut Stream, mut drain: watch::Receiver<()>) {
    let rest = async {
        stream.shutdown().await?;
        tokio::io::copy(stream, &mut tokio::io::sink()).await
    };
    tokio::select! {
        _ = timeout(LINGER_TIMEOUT, rest) => {}
        _ = drain.changed() => {}
    }
}
