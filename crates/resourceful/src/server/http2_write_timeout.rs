//! The write timeout of single HTTP/2 responses.
//!
//! A client that opens no window and replies to pings would hold a response without limit. So the
//! task of each stream tracks whether the client or the service is to act, and whether the response
//! makes progress.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::{Sleep, sleep};
use tokio_util::task::TaskTracker;

use crate::body::Response;
use crate::error::BoxError;
use crate::metrics::refused;

use super::chunked_body::ChunkedBody;
use super::close_reason::CloseReason;
use super::connection_state::ConnectionState;
use super::http2_unsent::{UnsentBytes, UnsentGuard};

/// The progress of one response.
#[derive(Debug, Default)]
struct ResponseProgress {
    /// Is there a chunk that the client has to take?
    awaits_client: AtomicBool,
    /// Number of chunks that hyper has taken.
    chunks: AtomicU32,
}

/// Spawns the stream tasks of a connection. The drain waits for them, and the write timeout ends
/// those whose clients do not read.
#[derive(Clone)]
pub(super) struct StreamExecutor {
    tasks: TaskTracker,
    state: Arc<ConnectionState>,
    write_timeout: Duration,
    unsent: Arc<UnsentBytes>,
    /// The progress of the request whose task hyper spawns next: hyper calls the service, then
    /// spawns the task.
    next: Arc<Mutex<Option<Arc<ResponseProgress>>>>,
}

impl StreamExecutor {
    pub(super) fn new(
        tasks: TaskTracker,
        state: Arc<ConnectionState>,
        write_timeout: Duration,
        unsent: UnsentBytes,
    ) -> Self {
        Self {
            tasks,
            state,
            write_timeout,
            unsent: Arc::new(unsent),
            next: Arc::default(),
        }
    }

    /// The response to a request, which starts when there is room for it. The task that hyper
    /// spawns next tracks it.
    pub(super) fn respond<F, R>(
        &self,
        start: F,
    ) -> impl Future<Output = Result<http::Response<TrackedBody>, h2::Error>> + use<F, R>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<Response, Infallible>>,
    {
        let progress = Arc::new(ResponseProgress::default());
        *self.next() = Some(Arc::clone(&progress));
        let (state, unsent) = (Arc::clone(&self.state), Arc::clone(&self.unsent));
        async move {
            let _permit = unsent.wait_for_room(&state).await?;
            let Ok(response) = start().await;
            let is_empty = response.body().is_end_stream();
            progress.awaits_client.store(!is_empty, Relaxed);
            Ok(response.map(|body| TrackedBody {
                chunks: ChunkedBody::new(body),
                progress,
                state,
                unsent,
                guard: None,
            }))
        }
    }

    fn next(&self) -> MutexGuard<'_, Option<Arc<ResponseProgress>>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Executor<F> for StreamExecutor
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        let Some(progress) = self.next().take() else {
            self.tasks.spawn(future);
            return;
        };
        self.state.stream_started();
        self.tasks.spawn(StreamTask {
            future: Box::pin(future),
            progress,
            state: Arc::clone(&self.state),
            write_timeout: self.write_timeout,
            wait: None,
        });
    }
}

/// The task of a stream. When the write timeout ends it, the stream is reset and the client gets a
/// GOAWAY.
struct StreamTask<F> {
    future: Pin<Box<F>>,
    progress: Arc<ResponseProgress>,
    state: Arc<ConnectionState>,
    write_timeout: Duration,
    /// The number of chunks when the wait began, and its timer.
    wait: Option<(u32, Pin<Box<Sleep>>)>,
}

impl<F: Future<Output = ()>> Future for StreamTask<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        if this.future.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        if !this.progress.awaits_client.load(Relaxed) {
            this.wait = None;
            return Poll::Pending;
        }
        let chunks = this.progress.chunks.load(Relaxed);
        this.wait.take_if(|(before, _)| *before != chunks);
        let timeout = this.write_timeout;
        let (_, timer) = this
            .wait
            .get_or_insert_with(|| (chunks, Box::pin(sleep(timeout))));
        ready!(timer.as_mut().poll(cx));
        tracing::debug!("write timeout: the client does not read a response");
        refused("stalled");
        this.state.request_close(CloseReason::GoAway);
        Poll::Ready(())
    }
}

impl<F> Drop for StreamTask<F> {
    fn drop(&mut self) {
        self.state.stream_ended();
    }
}

/// A response body that records whether it waits for the client or for the service.
pub(super) struct TrackedBody {
    chunks: ChunkedBody,
    progress: Arc<ResponseProgress>,
    state: Arc<ConnectionState>,
    unsent: Arc<UnsentBytes>,
    /// The guard of the long frame that is being sent.
    guard: Option<Arc<UnsentGuard>>,
}

impl HttpBody for TrackedBody {
    type Data = QueuedChunk;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<QueuedChunk>, BoxError>>> {
        let frame = Pin::new(&mut self.chunks).poll_frame(cx);
        if let Some(bytes) = self.chunks.take_allocated() {
            self.guard = Some(self.unsent.add(bytes)?);
        }
        self.progress.chunks.fetch_add(1, Relaxed);
        self.progress.awaits_client.store(frame.is_ready(), Relaxed);
        let guard = if self.chunks.has_rest() {
            self.guard.clone()
        } else {
            self.guard.take()
        };
        frame.map_ok(|frame| frame.map_data(|bytes| QueuedChunk::new(bytes, &self.state, guard)))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.chunks.size_hint()
    }
}

/// A chunk that h2 holds until the client has opened its window. The connection records when the
/// chunk is sent.
pub(super) struct QueuedChunk {
    bytes: Bytes,
    state: Arc<ConnectionState>,
    /// All of a long frame stays in memory until its last chunk is sent.
    _guard: Option<Arc<UnsentGuard>>,
}

impl QueuedChunk {
    fn new(bytes: Bytes, state: &Arc<ConnectionState>, guard: Option<Arc<UnsentGuard>>) -> Self {
        state.chunk_queued();
        Self {
            bytes,
            state: Arc::clone(state),
            _guard: guard,
        }
    }
}

impl Buf for QueuedChunk {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.state.chunk_advanced();
    }
}

impl Drop for QueuedChunk {
    fn drop(&mut self) {
        self.state.chunk_sent();
    }
}
