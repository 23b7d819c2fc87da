//! Progress of writing to a client, for the write timeout and the drain.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::task::Poll;

#[derive(Debug, Default)]
pub(super) struct WriteProgress {
    /// Number of writes that sent something.
    writes: AtomicU32,
    is_blocked: AtomicBool,
    /// May a response be unsent? (HTTP/1)
    has_unsent_response: AtomicBool,
}

impl WriteProgress {
    pub(super) fn writes(&self) -> u32 {
        self.writes.load(Relaxed)
    }

    /// Did the last write or flush have to wait for the client?
    pub(super) fn is_blocked(&self) -> bool {
        self.is_blocked.load(Relaxed)
    }

    pub(super) fn has_unsent_response(&self) -> bool {
        self.has_unsent_response.load(Relaxed)
    }

    /// A part of a response was sent.
    pub(super) fn sent(&self) {
        self.writes.store(self.writes().wrapping_add(1), Relaxed);
    }

    pub(super) fn write_polled<T>(&self, result: &Poll<T>) {
        if result.is_ready() {
            self.sent();
        }
        self.is_blocked.store(result.is_pending(), Relaxed);
    }

    /// A blocked flush may have sent a part: TLS buffers what the socket does not take.
    pub(super) fn flush_polled<T>(&self, result: &Poll<T>) {
        if result.is_pending() {
            self.sent();
            self.is_blocked.store(true, Relaxed);
        } else if self.is_blocked() {
            self.is_blocked.store(false, Relaxed);
        }
    }

    pub(super) fn response_ready(&self) {
        self.has_unsent_response.store(true, Relaxed);
    }

    /// The next head is read. hyper flushes the response before it, or tries to, and then reads.
    pub(super) fn next_head_read(&self) {
        self.has_unsent_response.store(self.is_blocked(), Relaxed);
    }
}
