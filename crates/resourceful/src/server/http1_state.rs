//! State that only an HTTP/1 connection itself uses: the framing of its heads, and an upgrade.
//!
//! hyper owns the socket and calls the service, and both need this state. They run in the task of
//! the connection, so the mutexes are never contended.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::response::upgrade::Upgrade;

use super::http1_framing::FramingCheck;

#[derive(Debug, Default)]
pub(super) struct Http1State {
    framing: Mutex<Framing>,
    upgrade: Mutex<Option<Upgrade>>,
}

#[derive(Debug, Default)]
struct Framing {
    check: FramingCheck,
    /// The number of the first request with a head that can be read in two ways.
    ambiguous: Option<u32>,
}

impl Framing {
    /// The check has found an ambiguous head after this many plain ones.
    fn record(&mut self, plain: Option<u32>, requests: u32) {
        if let Some(plain) = plain {
            self.ambiguous = Some(requests.saturating_add(plain).saturating_add(1));
        }
    }
}

impl Http1State {
    /// `requests` is the number of requests before these bytes.
    pub(super) fn bytes_read(&self, bytes: &[u8], requests: u32) {
        let mut framing = self.framing();
        let plain = framing.check.bytes_read(bytes);
        framing.record(plain, requests);
    }

    /// Called after hyper has parsed a request. `target_end` is the end of its target in bytes,
    /// `fields` the number of its header fields, `body` the length of its body, if known. Is its
    /// head unambiguous?
    pub(super) fn request_parsed(
        &self,
        target_end: usize,
        fields: usize,
        body: Option<u64>,
        requests: u32,
    ) -> bool {
        let mut framing = self.framing();
        let plain = framing.check.request_parsed(target_end, fields, body);
        framing.record(plain, requests);
        let number = requests.wrapping_add(1);
        framing.ambiguous.is_none_or(|ambiguous| number < ambiguous)
    }

    /// Checks the buffered bytes before the connection waits.
    #[inline]
    pub(super) fn check_buffered(&self, requests: u32) {
        let mut framing = self.framing();
        let plain = framing.check.check_buffered();
        framing.record(plain, requests);
    }

    /// The length of the last request line, as far as it was received.
    pub(super) fn request_line_len(&self) -> usize {
        self.framing().check.request_line_len()
    }

    /// The handler that takes over the connection after its 101 response.
    pub(super) fn set_upgrade(&self, upgrade: Option<Upgrade>) {
        *self.upgrade() = upgrade;
    }

    pub(super) fn take_upgrade(&self) -> Option<Upgrade> {
        self.upgrade().take()
    }

    fn framing(&self) -> MutexGuard<'_, Framing> {
        self.framing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn upgrade(&self) -> MutexGuard<'_, Option<Upgrade>> {
        self.upgrade.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
