//! The phase of a connection between two request heads, for the watchdog's timeouts.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering::Relaxed};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// A head is being read, or its first byte is awaited.
    #[default]
    ReadingHead,
    /// A request is being served, up to the last byte of a streamed response.
    Serving,
    /// The response is handed to hyper, which may still be writing it.
    Responded,
    /// The protocol is HTTP/2, which has no phases: several requests run at a time.
    Http2,
}

/// The current phase, and the number of requests so far.
#[derive(Debug, Default)]
pub(super) struct RequestPhase {
    phase: AtomicU8,
    requests: AtomicU32,
}

impl RequestPhase {
    pub(super) fn set(&self, phase: Phase) {
        self.phase.store(phase as u8, Relaxed);
    }

    pub(super) fn is(&self, phase: Phase) -> bool {
        self.phase.load(Relaxed) == phase as u8
    }

    pub(super) fn current(&self) -> Phase {
        let phases = [Phase::Serving, Phase::Responded, Phase::Http2];
        let mut phases = phases.into_iter();
        phases.find(|phase| self.is(*phase)).unwrap_or_default()
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests.load(Relaxed)
    }

    /// Only the task of the connection calls this.
    pub(super) fn count_request(&self) {
        let requests = self.requests().wrapping_add(1);
        self.requests.store(requests, Relaxed);
    }
}
