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

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::{Sleep, sleep};
use tokio_util::task::TaskTracker;

use crate::answer::Answer;
use crate::error::BoxError;
use crate::observe::refused;
use crate::response::Body;

use super::pace::{Pace, Verdict};

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
    running: Arc<AtomicU32>,
    /// Of the request whose task hyper spawns next: it calls the service and then spawns.
    next: Arc<Mutex<Option<Arc<Flow>>>>,
}

impl Streams {
    pub(super) fn new(tasks: TaskTracker, pace: Arc<Pace>, patience: Duration) -> Self {
        Self {
            tasks,
            pace,
            patience,
            running: Arc::default(),
            next: Arc::default(),
        }
    }

    /// Does none of them run?
    pub(super) fn is_idle(&self) -> bool {
        self.running.load(Relaxed) == 0
    }

    /// The answer to a request, watched by the task that will be spawned for it.
    pub(super) fn watch(&self, answer: Answer) -> FlowingAnswer {
        let flow = Arc::new(Flow::default());
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(Arc::clone(&flow));
        FlowingAnswer { answer, flow }
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
        self.running.fetch_add(1, Relaxed);
        self.tasks.spawn(Watched {
            running: Arc::clone(&self.running),
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
    running: Arc<AtomicU32>,
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
        if self.running.fetch_sub(1, Relaxed) == 1 {
            // The connection may be waiting for this.
            self.pace.wake();
        }
    }
}

/// The future of a request over HTTP/2.
pub(super) struct FlowingAnswer {
    answer: Answer,
    flow: Arc<Flow>,
}

impl Future for FlowingAnswer {
    type Output = <Answer as Future>::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answer).poll(cx));
        Poll::Ready(answer.map(|response| {
            if response.body().is_end_stream() {
                return response;
            }
            self.flow.is_clients_turn.store(true, Relaxed);
            let flow = Arc::clone(&self.flow);
            response.map(|body| Body::new(Flowing { body, flow }))
        }))
    }
}

/// A body that says whether it is waited for, or waits itself.
struct Flowing {
    body: Body,
    flow: Arc<Flow>,
}

impl HttpBody for Flowing {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.flow.parts.fetch_add(1, Relaxed);
        self.flow.is_clients_turn.store(frame.is_ready(), Relaxed);
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
