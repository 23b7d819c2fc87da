//! [`CloseReason`] and [`CloseSignal`]: the reason to close a connection, and the signal for it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Context;

use futures_util::task::AtomicWaker;

/// The reason why the server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// A request head did not end in time.
    SlowHead,
    /// No further request came in time.
    Idle,
    /// The client does not read.
    Stalled,
    /// HTTP/2: the client does not read one of its responses, or sends no request. It gets a
    /// GOAWAY, and running requests are finished.
    GoAway,
}

/// A request to close a connection, which wakes the task of the connection.
///
/// The connection checks the signal after every poll, so the common case is one load.
#[derive(Debug, Default)]
pub(super) struct CloseSignal {
    is_requested: AtomicBool,
    reason: Mutex<Option<CloseReason>>,
    waker: AtomicWaker,
}

impl CloseSignal {
    /// The task that is woken by [`request_close`](Self::request_close) and [`wake`](Self::wake).
    pub(super) fn register(&self, cx: &Context<'_>) {
        self.waker.register(cx.waker());
    }

    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    pub(super) fn reason(&self) -> Option<CloseReason> {
        if !self.is_requested.load(Relaxed) {
            return None;
        }
        *self.lock()
    }

    pub(super) fn request_close(&self, reason: CloseReason) {
        *self.lock() = Some(reason);
        self.is_requested.store(true, Relaxed);
        self.wake();
    }

    /// Withdraws the request to close: a request that arrived just before it is still served.
    pub(super) fn cancel_close(&self) {
        self.is_requested.store(false, Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Option<CloseReason>> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
