//! Running streams and unsent chunks of an HTTP/2 connection, for the drain and the watchdog.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

#[derive(Debug, Default)]
pub(super) struct Http2State {
    /// Number of stream tasks that run.
    streams: AtomicU32,
    /// Number of response chunks that h2 holds.
    queued_chunks: AtomicU32,
    is_draining: AtomicBool,
}

impl Http2State {
    pub(super) fn stream_started(&self) {
        self.streams.fetch_add(1, Relaxed);
    }

    /// Returns whether it was the last one.
    pub(super) fn stream_ended(&self) -> bool {
        self.streams.fetch_sub(1, Relaxed) == 1
    }

    pub(super) fn has_streams(&self) -> bool {
        self.streams.load(Relaxed) > 0
    }

    pub(super) fn chunk_queued(&self) {
        self.queued_chunks.fetch_add(1, Relaxed);
    }

    /// Returns whether it was the last one.
    pub(super) fn chunk_sent(&self) -> bool {
        self.queued_chunks.fetch_sub(1, Relaxed) == 1
    }

    pub(super) fn has_queued_chunks(&self) -> bool {
        self.queued_chunks.load(Relaxed) > 0
    }

    pub(super) fn begin_drain(&self) {
        self.is_draining.store(true, Relaxed);
    }

    pub(super) fn is_draining(&self) -> bool {
        self.is_draining.load(Relaxed)
    }
}
