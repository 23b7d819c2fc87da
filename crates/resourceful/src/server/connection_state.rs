//! The state that the tasks of one connection share with the watchdog and the drain.
//!
//! A connection records its progress in a few bytes, because its own timers would cost a tenth of a
//! small request. Each part has one reader:
//!
//! | part | written by | read by |
//! |---|---|---|
//! | [`RequestPhase`] | the service | the watchdog: header and idle timeouts; the driver: the drain |
//! | [`WriteProgress`] | the socket | the watchdog: write timeout |
//! | [`Http2State`] | stream tasks | the drain: is everything sent? |
//! | [`Http1State`] | the socket | the service: framing, upgrade |
//! | [`CloseSignal`] | the watchdog | the driver |

use std::task::{Context, Poll};

use super::close_reason::{CloseReason, CloseSignal};
use super::http1_state::Http1State;
use super::http2_state::Http2State;
use super::request_phase::{Phase, RequestPhase};
use super::write_progress::WriteProgress;

#[derive(Debug, Default)]
pub(super) struct ConnectionState {
    pub(super) requests: RequestPhase,
    pub(super) writes: WriteProgress,
    pub(super) http1: Http1State,
    pub(super) http2: Http2State,
    close: CloseSignal,
}

/// Closing.
impl ConnectionState {
    /// The task that is woken when the connection is to be closed.
    pub(super) fn register(&self, cx: &Context<'_>) {
        self.close.register(cx);
    }

    pub(super) fn close_reason(&self) -> Option<CloseReason> {
        self.close.reason()
    }

    pub(super) fn request_close(&self, reason: CloseReason) {
        self.close.request_close(reason);
    }

    pub(super) fn cancel_close(&self) {
        self.close.cancel_close();
    }
}

/// HTTP/1.
impl ConnectionState {
    pub(super) fn bytes_read(&self, bytes: &[u8]) {
        self.http1.bytes_read(bytes, self.requests.requests());
        if self.requests.is(Phase::Responded) {
            self.requests.set(Phase::ReadingHead);
            self.writes.next_head_read();
        }
    }

    /// Called after hyper has parsed a request. `target_end` is the end of its target in bytes,
    /// `fields` the number of its header fields, `body` the length of its body, if known. Is its
    /// head unambiguous?
    pub(super) fn request_parsed(
        &self,
        target_end: usize,
        fields: usize,
        body: Option<u64>,
    ) -> bool {
        let requests = self.requests.requests();
        let is_plain = self
            .http1
            .request_parsed(target_end, fields, body, requests);
        self.requests.set(Phase::Serving);
        self.requests.count_request();
        is_plain
    }

    /// Checks the buffered bytes before the connection waits.
    #[inline]
    pub(super) fn check_buffered(&self) {
        self.http1.check_buffered(self.requests.requests());
    }

    pub(super) fn responded(&self) {
        self.requests.set(Phase::Responded);
        self.writes.response_ready();
    }

    pub(super) fn is_serving(&self) -> bool {
        self.requests.is(Phase::Serving)
    }

    /// Is a head awaited, and every response before it sent? Then the next bytes that hyper writes
    /// are its own error response.
    pub(super) fn awaits_head_only(&self) -> bool {
        self.requests.is(Phase::ReadingHead) && !self.writes.has_unsent_response()
    }

    /// Is the first head awaited, or has a part of a head been read?
    pub(super) fn is_reading_head(&self) -> bool {
        self.requests.is(Phase::ReadingHead)
    }

    /// Can an HTTP/1 connection be closed without the loss of a response? Half a head is no
    /// request yet.
    pub(super) fn is_http1_drained(&self) -> bool {
        self.requests.is(Phase::ReadingHead) && !self.writes.is_blocked()
    }

    pub(super) fn write_polled<T>(&self, result: &Poll<T>) {
        self.writes.write_polled(result);
    }

    pub(super) fn flush_polled<T>(&self, result: &Poll<T>) {
        self.writes.flush_polled(result);
    }
}

/// HTTP/2.
impl ConnectionState {
    pub(super) fn use_http2(&self) {
        self.requests.set(Phase::Http2);
    }

    pub(super) fn stream_started(&self) {
        self.http2.stream_started();
        self.requests.count_request();
    }

    pub(super) fn stream_ended(&self) {
        if self.http2.stream_ended() {
            self.wake_if_draining();
        }
    }

    pub(super) fn chunk_queued(&self) {
        self.http2.chunk_queued();
    }

    /// A part of a queued chunk was sent.
    pub(super) fn chunk_advanced(&self) {
        self.writes.sent();
    }

    /// All of a queued chunk was sent, or dropped.
    pub(super) fn chunk_sent(&self) {
        if self.http2.chunk_sent() {
            self.wake_if_draining();
        }
    }

    pub(super) fn begin_drain(&self) {
        self.http2.begin_drain();
    }

    /// Is every stream ended and every chunk sent?
    pub(super) fn is_http2_drained(&self) -> bool {
        !self.http2.has_streams() && !self.http2.has_queued_chunks()
    }

    fn wake_if_draining(&self) {
        if self.http2.is_draining() {
            self.close.wake();
        }
    }
}
