//! Limits the memory of HTTP/2 responses that are complete and not sent yet.
//!
//! A client may request a hundred responses at once and read none. While a connection has many
//! unsent bytes, its further requests wait before they start. The length of a response is unknown
//! until it is complete: responses that exceed the limit by far are cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use h2::Reason;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::metrics::refused;

use super::connection_state::ConnectionState;

const MIB: usize = 1024 * 1024;

/// A connection with more unsent bytes than this starts no further request.
const LIMIT: usize = 16 * MIB;

/// The same limit, while all connections together have more than `PRESSURE`.
const LIMIT_UNDER_PRESSURE: usize = MIB;
const PRESSURE: usize = 256 * MIB;

/// Above this many times its limit, further responses of a connection are cut off.
const CUT_OFF_FACTOR: usize = 4;

/// The number of waiting requests that run at a time. Without it, all of them would start as soon
/// as there is room.
const MAX_RESUMED: usize = 8;

/// The unsent bytes of one connection.
#[derive(Debug)]
pub(super) struct UnsentBytes {
    bytes: AtomicUsize,
    /// The unsent bytes of all connections.
    total: Arc<AtomicUsize>,
    sent: Notify,
    resumed: Arc<Semaphore>,
}

/// Counts the bytes of one response, until they are sent or dropped.
#[derive(Debug)]
pub(super) struct UnsentGuard {
    unsent: Arc<UnsentBytes>,
    bytes: usize,
}

impl UnsentBytes {
    pub(super) fn new(total: Arc<AtomicUsize>) -> Self {
        Self {
            bytes: AtomicUsize::new(0),
            total,
            sent: Notify::new(),
            resumed: Arc::new(Semaphore::new(MAX_RESUMED)),
        }
    }

    /// Waits until a further request may start. A request that had to wait keeps the permit until
    /// its response is ready.
    ///
    /// # Errors
    /// The connection ends. The client may repeat the request elsewhere (RFC 9113 section 8.7).
    pub(super) async fn wait_for_room(
        &self,
        state: &ConnectionState,
    ) -> Result<Option<OwnedSemaphorePermit>, h2::Error> {
        if self.has_room() {
            return Ok(None);
        }
        let permit = Arc::clone(&self.resumed).acquire_owned().await.ok();
        loop {
            // Created before the check, so that no notification is lost.
            let sent = self.sent.notified();
            if state.close_reason().is_some() {
                return Err(Reason::REFUSED_STREAM.into());
            }
            if self.has_room() {
                return Ok(permit);
            }
            sent.await;
        }
    }

    /// Counts a further response.
    ///
    /// # Errors
    /// The connection has too many unsent bytes.
    pub(super) fn add(self: &Arc<Self>, bytes: usize) -> Result<Arc<UnsentGuard>, h2::Error> {
        if self.bytes.load(Relaxed) > CUT_OFF_FACTOR * self.limit() {
            tracing::debug!("response cut off: the client does not read those before it");
            refused("unread");
            return Err(Reason::ENHANCE_YOUR_CALM.into());
        }
        self.bytes.fetch_add(bytes, Relaxed);
        self.total.fetch_add(bytes, Relaxed);
        let unsent = Arc::clone(self);
        Ok(Arc::new(UnsentGuard { unsent, bytes }))
    }

    fn has_room(&self) -> bool {
        let bytes = self.bytes.load(Relaxed);
        bytes == 0 || bytes <= self.limit()
    }

    fn limit(&self) -> usize {
        if self.total.load(Relaxed) > PRESSURE {
            LIMIT_UNDER_PRESSURE
        } else {
            LIMIT
        }
    }
}

impl Drop for UnsentGuard {
    fn drop(&mut self) {
        self.unsent.bytes.fetch_sub(self.bytes, Relaxed);
        self.unsent.total.fetch_sub(self.bytes, Relaxed);
        self.unsent.sent.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::server::close_reason::CloseReason;

    fn connection(total: &Arc<AtomicUsize>) -> Arc<UnsentBytes> {
        Arc::new(UnsentBytes::new(Arc::clone(total)))
    }

    #[test]
    fn the_first_response_may_have_any_length() {
        let total = Arc::default();
        let (first, second) = (connection(&total), connection(&total));
        let huge = first.add(10 * PRESSURE).unwrap();
        assert!(!first.has_room());
        assert!(first.add(1).is_err());
        assert!(second.has_room());
        let _huge = second.add(10 * PRESSURE).unwrap();
        drop(huge);
        assert!(first.has_room());
    }

    #[test]
    fn a_connection_has_a_lower_limit_under_pressure() {
        let total = Arc::default();
        let (first, second) = (connection(&total), connection(&total));
        let some = first.add(2 * LIMIT_UNDER_PRESSURE).unwrap();
        assert!(first.has_room());
        let huge = second.add(PRESSURE).unwrap();
        assert!(!first.has_room());
        let more = first.add(LIMIT).unwrap();
        assert!(first.add(1).is_err());
        drop(huge);
        first.add(1).unwrap();
        drop((some, more));
        assert_eq!(total.load(Relaxed), 0);
    }

    #[tokio::test]
    async fn requests_wait_until_responses_are_sent() {
        let (unsent, state) = (connection(&Arc::default()), ConnectionState::default());
        assert!(unsent.wait_for_room(&state).await.unwrap().is_none());
        let response = unsent.add(LIMIT + 1).unwrap();
        let waiting = (0..=MAX_RESUMED).map(|_| Box::pin(unsent.wait_for_room(&state)));
        let mut waiting: Vec<_> = waiting.collect();
        for request in &mut waiting {
            assert!(request.as_mut().now_or_never().is_none());
        }
        drop(response);
        let last = waiting.pop().unwrap();
        let permits = futures_util::future::join_all(waiting).await;
        let mut last = std::pin::pin!(last);
        assert!(last.as_mut().now_or_never().is_none());
        drop(permits);
        assert!(last.await.unwrap().is_some());
    }

    #[tokio::test]
    async fn waiting_requests_are_refused_when_the_connection_closes() {
        let (unsent, state) = (connection(&Arc::default()), ConnectionState::default());
        let responses = [unsent.add(LIMIT).unwrap(), unsent.add(LIMIT).unwrap()];
        let mut waiting = std::pin::pin!(unsent.wait_for_room(&state));
        assert!(waiting.as_mut().now_or_never().is_none());
        state.request_close(CloseReason::GoAway);
        drop(responses);
        let reason = waiting.await.unwrap_err().reason();
        assert_eq!(reason, Some(Reason::REFUSED_STREAM));
    }
}
