//! Answers over HTTP/2 that their clients do not take.
//!
//! A client that opens no window holds an answer for as long as it answers pings. So the task of a
//! stream is watched: whose turn is it, and does anything happen?

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::{Sleep, sleep};
use tokio_util::task::TaskTracker;

use crate::endpoint::response_future::ResponseFuture;
use crate::endpoint::telemetry::refused;
use crate::error::BoxError;

use super::chunked_body::Parts;
use super::http2_unsent::{Charge, Unsent};
use super::watchdog::{Pace, Verdict};

/// How one answer goes.
#[derive(Debug, Default)]
pub(super) struct Flow {
    is_clients_turn: AtomicBool,
    parts: AtomicU32,
}

/// Spawns the tasks of an HTTP/2 connection's streams where the drain waits for them, and ends
/// those whose clients do not read.
#[derive(Clone)]
pub(super) struct Streams {
    tasks: TaskTracker,
    pace: Arc<Pace>,
    patience: Duration,
    unsent: Arc<Unsent>,
    /// Of the request whose task hyper spawns next: it calls the service and then spawns.
    next: Arc<Mutex<Option<Arc<Flow>>>>,
}

impl Streams {
    pub(super) fn new(
        tasks: TaskTracker,
        pace: Arc<Pace>,
        patience: Duration,
        unsent: Unsent,
    ) -> Self {
        Self {
            tasks,
            pace,
            patience,
            unsent: Arc::new(unsent),
            next: Arc::default(),
        }
    }

    /// The answer to a request, begun when there is room for it, and watched by the task that will
    /// be spawned for it.
    pub(super) fn answer<F>(
        &self,
        begin: F,
    ) -> impl Future<Output = Result<http::Response<Flowing>, h2::Error>> + use<F>
    where
        F: FnOnce() -> ResponseFuture,
    {
        let flow = Arc::new(Flow::default());
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(Arc::clone(&flow));
        let (pace, unsent) = (Arc::clone(&self.pace), Arc::clone(&self.unsent));
        async move {
            let _turn = unsent.room(&pace).await?;
            let Ok(response) = begin().await;
            let is_empty = response.body().is_end_stream();
            flow.is_clients_turn.store(!is_empty, Relaxed);
            Ok(response.map(|body| Flowing {
                parts: Parts::of(body),
                flow,
                pace,
                unsent,
                charge: None,
            }))
        }
    }
}

impl<F> Executor<F> for Streams
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let flow = self
            .next
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(flow) = flow else {
            self.tasks.spawn(future);
            return;
        };
        self.pace.stream_begun();
        self.tasks.spawn(Watched {
            future: Box::pin(future),
            flow,
            pace: Arc::clone(&self.pace),
            patience: self.patience,
            wait: None,
        });
    }
}

/// The task of a stream. When it ends early, the stream is reset, and the client told to go.
struct Watched<F> {
    future: Pin<Box<F>>,
    flow: Arc<Flow>,
    pace: Arc<Pace>,
    patience: Duration,
    /// How many parts had been taken when the wait began.
    wait: Option<(u32, Pin<Box<Sleep>>)>,
}

impl<F: Future<Output = ()>> Future for Watched<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.future.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if !this.flow.is_clients_turn.load(Relaxed) {
            this.wait = None;
            return Poll::Pending;
        }
        let parts = this.flow.parts.load(Relaxed);
        this.wait.take_if(|(before, _)| *before != parts);
        let patience = this.patience;
        let (_, timer) = this
            .wait
            .get_or_insert_with(|| (parts, Box::pin(sleep(patience))));
        ready!(timer.as_mut().poll(cx));
        tracing::debug!("an answer is not read");
        refused("stalled");
        this.pace.end(Verdict::Leaving);
        Poll::Ready(())
    }
}

impl<F> Drop for Watched<F> {
    fn drop(&mut self) {
        self.pace.stream_ended();
    }
}

/// A body that says whether it is waited for, or waits itself.
pub(super) struct Flowing {
    parts: Parts,
    flow: Arc<Flow>,
    pace: Arc<Pace>,
    unsent: Arc<Unsent>,
    /// Of the long part that is being sent.
    charge: Option<Arc<Charge>>,
}

impl HttpBody for Flowing {
    type Data = Held;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Held>, BoxError>>> {
        let frame = Pin::new(&mut self.parts).poll_frame(cx);
        if let Some(bytes) = self.parts.take_long() {
            self.charge = Some(self.unsent.add(bytes)?);
        }
        self.flow.parts.fetch_add(1, Relaxed);
        self.flow.is_clients_turn.store(frame.is_ready(), Relaxed);
        let charge = if self.parts.has_rest() {
            self.charge.clone()
        } else {
            self.charge.take()
        };
        frame.map_ok(|frame| frame.map_data(|part| Held::new(part, &self.pace, charge)))
    }

    fn is_end_stream(&self) -> bool {
        self.parts.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.parts.size_hint()
    }
}

/// A part that hyper has taken, and h2 keeps until the client has opened its window: it tells when
/// some of it is sent, and when all of it is.
pub(super) struct Held {
    bytes: Bytes,
    pace: Arc<Pace>,
    /// The whole of a long part stays in memory until the last of it is sent.
    _charge: Option<Arc<Charge>>,
}

impl Held {
    fn new(bytes: Bytes, pace: &Arc<Pace>, charge: Option<Arc<Charge>>) -> Self {
        pace.holds();
        Self {
            bytes,
            pace: Arc::clone(pace),
            _charge: charge,
        }
    }
}

impl Buf for Held {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.pace.sent_some();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.pace.let_go();
    }
}
