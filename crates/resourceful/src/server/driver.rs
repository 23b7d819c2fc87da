//! Drives a hyper connection until the client, the drain or the watchdog ends it.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::error::BoxError;

use super::close_reason::CloseReason;
use super::config::LINGER_TIMEOUT;
use super::connection_state::ConnectionState;
use super::drain::{DrainReceiver, Stage};
use super::io::Stream;

/// A connection of hyper's, of either protocol.
pub(super) trait HttpConnection {
    /// Does its [`ConnectionState`] wake it more than once? (HTTP/2)
    const WAKES_OFTEN: bool = false;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>>;

    /// Is the first head awaited, or has a part of a head been read?
    fn is_reading_head(&self) -> bool;

    /// Takes no further requests, and ends after those that run.
    fn graceful_shutdown(&mut self);

    /// After the shutdown: is every response sent?
    fn is_drained(&mut self, cx: &mut Context<'_>) -> bool;
}

/// Polls `connection` to its end. Shuts it down once `drain` tells so, and drops it when it exceeds
/// a timeout.
///
/// A connection is polled for every request. So the future of the drain is polled only once, which
/// registers the waker of the task; until the stop is announced, one load is enough. The same holds
/// for the watchdog.
pub(super) async fn drive<C: HttpConnection>(
    mut connection: C,
    state: &ConnectionState,
    drain: &DrainReceiver,
) -> Result<(), BoxError> {
    let mut changes = pin!(drain.wake_at_changes());
    let mut is_registered = false;
    let mut is_draining = false;
    poll_fn(|cx| {
        if !is_registered {
            is_registered = true;
            let _ = changes.as_mut().poll(cx);
            state.register(cx);
        } else if C::WAKES_OFTEN {
            state.register(cx);
        }
        let mut result = connection.poll(cx);
        let mut reason = state.close_reason();
        if matches!(reason, Some(CloseReason::Idle | CloseReason::SlowHead)) && state.is_serving() {
            state.cancel_close();
            reason = None;
        }
        let goes_away = reason == Some(CloseReason::GoAway);
        let mut drains = || {
            let _ = changes.as_mut().poll(cx);
            drain.is_at(if connection.is_reading_head() {
                Stage::Closing
            } else {
                Stage::Draining
            })
        };
        if result.is_pending() && !is_draining && (goes_away || drain.is_announced() && drains()) {
            // Requests that were received already are served.
            is_draining = true;
            connection.graceful_shutdown();
            result = connection.poll(cx);
        }
        let is_over =
            (reason.is_some() && !goes_away) || (is_draining && connection.is_drained(cx));
        if result.is_pending() && is_over {
            return Poll::Ready(Ok(()));
        }
        result
    })
    .await?;
    Ok(())
}

/// Shuts down the write side, then reads and discards the bytes that the client still sends.
///
/// A connection that is closed with unread bytes is reset, and the client may lose the response
/// (RFC 9112 section 9.6).
pub(super) async fn close(stream: &mut Stream, drain: &DrainReceiver) {
    if timeout(LINGER_TIMEOUT, stream.shutdown()).await.is_err() {
        return;
    }
    // `tokio::io::copy` would fill its buffer with zeros first; nearly always, no bytes come.
    let mut buffer = Vec::with_capacity(8 * 1024);
    let rest = async {
        while stream
            .read_buf(&mut buffer)
            .await
            .is_ok_and(|count| count > 0)
        {
            buffer.clear();
        }
    };
    tokio::select! {
        _ = timeout(LINGER_TIMEOUT, rest) => {}
        () = drain.reached(Stage::Draining) => {}
    }
}
