//! What keeps a connection from staying for ever: one slow clock looks at all of them.
//!
//! hyper's own timers are made anew for every request, which costs a tenth of a small one. Here a
//! connection only notes what it does, in a few bytes; the clock, a task of the server's, compares
//! the notes of now and before, and wakes those whose time is over.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http::StatusCode;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, interval};

use crate::body::Body;
use crate::endpoint::response_future::ResponseFuture;
use crate::error::BoxError;
use crate::response::upgrade::Takeover;

use super::chunked_body::Parts;
use super::http1_framing::Heads;
use super::limits::Limits;

/// Why a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A head did not come to its end.
    SlowHead,
    /// No next request came.
    Idle,
    /// The client does not read.
    Stalled,
    /// It does not read one of its answers, or asks nothing, over HTTP/2: it is told to go, and
    /// what runs ends.
    Leaving,
}

const SWITCHING_PROTOCOLS: StatusCode = StatusCode::SWITCHING_PROTOCOLS;

/// A head is being read, or its first byte waited for.
const HEAD: u8 = 0;
/// A request is being served, to the last byte of a streamed answer.
const SERVING: u8 = 1;
/// The answer is given, and may still be on its way out.
const ANSWERED: u8 = 2;
/// HTTP/2 is spoken. With a stream it is the same as `SERVING`.
const NO_STREAM: u8 = 3;

/// The notes of one connection.
#[derive(Debug, Default)]
pub(super) struct Pace {
    phase: AtomicU8,
    requests: AtomicU32,
    /// Tasks of HTTP/2 streams that run.
    streams: AtomicU32,
    writes: AtomicU32,
    is_write_blocked: AtomicBool,
    /// An answer may not have been sent yet.
    owes: AtomicBool,
    /// Parts of HTTP/2 answers that are not sent yet.
    held: AtomicU32,
    is_parting: AtomicBool,
    /// The number of the first request whose head can be read in two ways; 0 is none.
    ambiguous: AtomicU32,
    verdict: AtomicU8,
    /// Only the connection's own task takes it.
    heads: Mutex<Heads>,
    /// What the connection is to become once its 101 is sent.
    takeover: Mutex<Option<Takeover>>,
    waker: AtomicWaker,
}

impl Pace {
    /// Woken by the clock, at the latest.
    pub(super) fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    pub(super) fn verdict(&self) -> Option<Verdict> {
        match self.verdict.load(Relaxed) {
            1 => Some(Verdict::SlowHead),
            2 => Some(Verdict::Idle),
            3 => Some(Verdict::Stalled),
            4 => Some(Verdict::Leaving),
            _ => None,
        }
    }

    /// Is nothing owed to the client? Half a head is not a request yet.
    pub(super) fn may_be_closed(&self) -> bool {
        self.awaits_head() && !self.is_write_blocked.load(Relaxed)
    }

    /// A request has come, of which hyper knows so many fields, a target that ends at this byte,
    /// and perhaps how long its body is; is its head plain?
    pub(super) fn request(&self, target_end: usize, fields: usize, body: Option<u64>) -> bool {
        self.note(self.heads().request(target_end, fields, body));
        self.serves();
        let ambiguous = self.ambiguous.load(Relaxed);
        ambiguous == 0 || self.requests.load(Relaxed) < ambiguous
    }

    pub(super) fn serves(&self) {
        self.phase.store(SERVING, Relaxed);
        add_one(&self.requests);
    }

    pub(super) fn speaks_http2(&self) {
        self.phase.store(NO_STREAM, Relaxed);
    }

    pub(super) fn stream_begun(&self) {
        self.streams.fetch_add(1, Relaxed);
        add_one(&self.requests);
    }

    pub(super) fn stream_ended(&self) {
        if self.streams.fetch_sub(1, Relaxed) == 1 {
            self.done();
        }
    }

    pub(super) fn has_no_stream(&self) -> bool {
        self.streams.load(Relaxed) == 0
    }

    /// After so many plain ones among those that are still to come, a head can be read in two
    /// ways.
    fn note(&self, plain: Option<u32>) {
        let Some(plain) = plain else { return };
        let requests = self.requests.load(Relaxed);
        let number = requests.saturating_add(plain).saturating_add(1);
        self.ambiguous.store(number, Relaxed);
    }

    pub(super) fn takeover(&self) -> Option<Takeover> {
        let mut takeover = self.takeover.lock().unwrap_or_else(PoisonError::into_inner);
        takeover.take()
    }

    pub(super) fn is_serving(&self) -> bool {
        self.phase.load(Relaxed) == SERVING
    }

    pub(super) fn awaits_head(&self) -> bool {
        self.phase.load(Relaxed) == HEAD
    }

    fn answered(&self) {
        self.phase.store(ANSWERED, Relaxed);
        self.owes.store(true, Relaxed);
    }

    /// The connection has to wait, and what was read is looked at.
    #[inline]
    pub(super) fn settle(&self) {
        self.note(self.heads().settle());
    }

    /// The bytes of the request line that came last, as far as it came.
    pub(super) fn request_line(&self) -> usize {
        self.heads().request_line()
    }

    fn heads(&self) -> MutexGuard<'_, Heads> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read(&self, bytes: &[u8]) {
        self.note(self.heads().read(bytes));
        if self.phase.load(Relaxed) == ANSWERED {
            self.phase.store(HEAD, Relaxed);
            // hyper reads a next head after it has flushed the answer before, or has tried to.
            self.owes
                .store(self.is_write_blocked.load(Relaxed), Relaxed);
        }
    }

    /// Is a head awaited, and every answer before it sent? Then what hyper writes is its own.
    pub(super) fn owes_nothing_yet(&self) -> bool {
        self.awaits_head() && !self.owes.load(Relaxed)
    }

    pub(super) fn wrote<T>(&self, outcome: &Poll<T>) {
        if outcome.is_ready() {
            add_one(&self.writes);
        }
        self.is_write_blocked.store(outcome.is_pending(), Relaxed);
    }

    pub(super) fn flushed<T>(&self, outcome: &Poll<T>) {
        if outcome.is_pending() {
            // Some of it may have gone out.
            add_one(&self.writes);
            self.is_write_blocked.store(true, Relaxed);
        } else if self.is_write_blocked.load(Relaxed) {
            self.is_write_blocked.store(false, Relaxed);
        }
    }

    pub(super) fn holds(&self) {
        self.held.fetch_add(1, Relaxed);
    }

    pub(super) fn sent_some(&self) {
        add_one(&self.writes);
    }

    pub(super) fn let_go(&self) {
        if self.held.fetch_sub(1, Relaxed) == 1 {
            self.done();
        }
    }

    pub(super) fn holds_nothing(&self) -> bool {
        self.held.load(Relaxed) == 0
    }

    /// What came just before the verdict is served all the same.
    pub(super) fn pardon(&self) {
        self.verdict.store(0, Relaxed);
    }

    pub(super) fn end(&self, verdict: Verdict) {
        self.verdict.store(verdict as u8 + 1, Relaxed);
        self.waker.wake();
    }

    /// Everything is waited for from now on.
    pub(super) fn part(&self) {
        self.is_parting.store(true, Relaxed);
    }

    /// One of the things that may be waited for has come to its end.
    pub(super) fn done(&self) {
        if self.is_parting.load(Relaxed) {
            self.waker.wake();
        }
    }
}

/// Only the connection's own task writes.
fn add_one(counter: &AtomicU32) {
    counter.store(counter.load(Relaxed).wrapping_add(1), Relaxed);
}

/// The connections of a server, as the clock sees them.
#[derive(Clone, Debug, Default)]
pub(super) struct Clock(Arc<Mutex<Vec<Watched>>>);

/// What the clock saw when it last looked, and since when it has been so.
#[derive(Debug)]
struct Watched {
    pace: Weak<Pace>,
    seen: (u8, u32, u32),
    since: Instant,
    blocked: (bool, u32),
    blocked_since: Instant,
}

impl Clock {
    pub(super) fn watch(&self) -> Arc<Pace> {
        let pace = Arc::new(Pace::default());
        let now = Instant::now();
        self.lock().push(Watched {
            pace: Arc::downgrade(&pace),
            seen: (HEAD, 0, 0),
            since: now,
            blocked: (false, 0),
            blocked_since: now,
        });
        pace
    }

    /// Looks at all connections, again and again.
    pub(super) async fn run(self, limits: Arc<Limits>) {
        let mut period = interval(period(&limits));
        loop {
            let now = period.tick().await;
            self.lock().retain_mut(|watched| {
                let pace = watched.pace.upgrade();
                if let Some(pace) = &pace
                    && let Some(verdict) = watched.judge(pace, now, &limits)
                {
                    pace.end(verdict);
                }
                pace.is_some()
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How often the clock looks: so often that a limit is passed by an eighth at most, and not more
/// than once a second where limits are long.
fn period(limits: &Limits) -> Duration {
    let times = [
        limits.header_read_timeout,
        limits.idle_timeout,
        limits.write_timeout,
    ];
    let shortest = times.into_iter().min().unwrap_or_default();
    (shortest / 8).clamp(Duration::from_millis(5), Duration::from_secs(1))
}

impl Watched {
    fn judge(&mut self, pace: &Pace, now: Instant, limits: &Limits) -> Option<Verdict> {
        let phase = match pace.phase.load(Relaxed) {
            NO_STREAM if !pace.has_no_stream() => SERVING,
            phase => phase,
        };
        let writes = pace.writes.load(Relaxed);
        let seen = (phase, pace.requests.load(Relaxed), writes);
        if self.seen != seen {
            (self.seen, self.since) = (seen, now);
        }
        let is_holding = !pace.holds_nothing();
        let is_blocked = is_holding || pace.is_write_blocked.load(Relaxed);
        let blocked = (is_blocked, writes);
        if self.blocked != blocked {
            (self.blocked, self.blocked_since) = (blocked, now);
        }
        if blocked.0 {
            // Over HTTP/2 the stream is ended first, with a GOAWAY that can be read.
            let times = if is_holding { 2 } else { 1 };
            let limit = limits.write_timeout.saturating_mul(times);
            return (now - self.blocked_since >= limit).then_some(Verdict::Stalled);
        }
        let (limit, verdict) = match phase {
            HEAD => (limits.header_read_timeout, Verdict::SlowHead),
            ANSWERED => (limits.idle_timeout, Verdict::Idle),
            NO_STREAM => (limits.idle_timeout, Verdict::Leaving),
            _ => return None,
        };
        (now - self.since >= limit).then_some(verdict)
    }
}

/// The future of a request that notes when its answer is there.
pub(super) struct PacedAnswer<'p> {
    pub(super) answer: ResponseFuture,
    pub(super) pace: &'p Arc<Pace>,
}

impl Future for PacedAnswer<'_> {
    type Output = <ResponseFuture as Future>::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Looked at in its place: moving a response about costs more than all the rest here.
        let polled = Pin::new(&mut self.answer).poll(cx);
        match &polled {
            // What is still being read of the body is not the next head.
            Poll::Ready(_) if self.answer.is_still_sent_to() => return polled,
            Poll::Ready(Ok(response)) if !response.body().fits_one_chunk() => {}
            // Nothing is owed by who goes on as something else.
            Poll::Ready(Ok(response)) if response.status() == SWITCHING_PROTOCOLS => {
                let takeover = self.pace.takeover.lock();
                *takeover.unwrap_or_else(PoisonError::into_inner) = Takeover::of(response);
                return polled;
            }
            Poll::Ready(_) => {
                self.pace.answered();
                return polled;
            }
            Poll::Pending => return polled,
        }
        // It is answered when the stream has ended, however long it is silent.
        let pace = Arc::clone(self.pace);
        polled.map_ok(|response| {
            response.map(|body| {
                Body::new(Streamed {
                    parts: Parts::of(body),
                    pace,
                })
            })
        })
    }
}

/// A body that notes when it has ended.
struct Streamed {
    parts: Parts,
    pace: Arc<Pace>,
}

impl HttpBody for Streamed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.parts).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.parts.size_hint()
    }
}

impl Drop for Streamed {
    fn drop(&mut self) {
        self.pace.answered();
    }
}
