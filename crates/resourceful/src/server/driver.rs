//! hyper's connections to their end: the client's, the drain's, or the clock's.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::error::BoxError;

use super::io::Stream;
use super::limits::LINGER_TIMEOUT;
use super::watchdog::{Pace, Verdict};

/// A connection of hyper's, of either protocol.
pub(super) trait Driven {
    /// Is it woken more than once by its [`Pace`]?
    const WAKES_OFTEN: bool = false;

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
    drain: &watch::Receiver<()>,
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
        } else if C::WAKES_OFTEN {
            pace.register(cx);
        }
        let mut outcome = connection.poll(cx);
        let mut verdict = pace.verdict();
        if matches!(verdict, Some(Verdict::Idle | Verdict::SlowHead)) && pace.is_serving() {
            pace.pardon();
            verdict = None;
        }
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
pub(super) async fn close(stream: &mut Stream, drain: &watch::Receiver<()>) {
    if timeout(LINGER_TIMEOUT, stream.shutdown()).await.is_err() {
        return;
    }
    let mut waiting = drain.clone();
    // Not `tokio::io::copy`, which fills its buffer with zeros first: nearly always nothing comes.
    let mut part = Vec::with_capacity(8 * 1024);
    let rest = async {
        while stream
            .read_buf(&mut part)
            .await
            .is_ok_and(|count| count > 0)
        {
            part.clear();
        }
    };
    tokio::select! {
        _ = timeout(LINGER_TIMEOUT, rest) => {}
        _ = waiting.changed() => {}
    }
}
