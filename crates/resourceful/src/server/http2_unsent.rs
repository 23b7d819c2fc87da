//! Answers of an HTTP/2 connection that are in memory and not sent yet.
//!
//! A client may ask for a hundred at once and read none. While a connection has many of them, its
//! further requests wait before they are begun. Nobody knows how long an answer will be before it
//! is there: those that were begun in time and make it far too much are cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use h2::Reason;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::endpoint::telemetry::refused;

use super::watchdog::Pace;

const MIB: usize = 1024 * 1024;

/// A connection with more than this begins no further request.
const LIMIT: usize = 16 * MIB;

/// The same, while all connections together have more than `PRESSURE`.
const LIMIT_UNDER_PRESSURE: usize = MIB;
const PRESSURE: usize = 256 * MIB;

/// With so many times its limit, a connection's further answers are cut off.
const CUT_OFF: usize = 4;

/// So many of the requests that had to wait run at a time, or all of them would find room at once.
const TURNS: usize = 8;

/// The unsent answers of one connection.
#[derive(Debug)]
pub(super) struct Unsent {
    bytes: AtomicUsize,
    /// Of all connections.
    total: Arc<AtomicUsize>,
    sent: Notify,
    turns: Arc<Semaphore>,
}

/// One of them, until it is sent or given up.
#[derive(Debug)]
pub(super) struct Charge {
    unsent: Arc<Unsent>,
    bytes: usize,
}

impl Unsent {
    pub(super) fn new(total: Arc<AtomicUsize>) -> Self {
        Self {
            bytes: AtomicUsize::new(0),
            total,
            sent: Notify::new(),
            turns: Arc::new(Semaphore::new(TURNS)),
        }
    }

    /// Waits until a further request may be begun. One that had to wait keeps what it gets until
    /// its answer is there.
    ///
    /// # Errors
    /// The connection ends. The client may send the request elsewhere (RFC 9113 section 8.7).
    pub(super) async fn room(
        &self,
        pace: &Pace,
    ) -> Result<Option<OwnedSemaphorePermit>, h2::Error> {
        if self.has_room() {
            return Ok(None);
        }
        let turn = Arc::clone(&self.turns).acquire_owned().await.ok();
        loop {
            // Made before the look, so that nothing is missed.
            let sent = self.sent.notified();
            if pace.verdict().is_some() {
                return Err(Reason::REFUSED_STREAM.into());
            }
            if self.has_room() {
                return Ok(turn);
            }
            sent.await;
        }
    }

    /// A further answer.
    ///
    /// # Errors
    /// There are too many.
    pub(super) fn add(self: &Arc<Self>, bytes: usize) -> Result<Arc<Charge>, h2::Error> {
        if self.bytes.load(Relaxed) > CUT_OFF * self.limit() {
            tracing::debug!("an answer is cut off: those before it are not read");
            refused("unread");
            return Err(Reason::ENHANCE_YOUR_CALM.into());
        }
        self.bytes.fetch_add(bytes, Relaxed);
        self.total.fetch_add(bytes, Relaxed);
        let unsent = Arc::clone(self);
        Ok(Arc::new(Charge { unsent, bytes }))
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

impl Drop for Charge {
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
    use crate::server::watchdog::Verdict;

    fn connection(total: &Arc<AtomicUsize>) -> Arc<Unsent> {
        Arc::new(Unsent::new(Arc::clone(total)))
    }

    #[test]
    fn one_answer_always_may_go() {
        let total = Arc::default();
        let (one, other) = (connection(&total), connection(&total));
        let huge = one.add(10 * PRESSURE).unwrap();
        assert!(!one.has_room());
        assert!(one.add(1).is_err());
        assert!(other.has_room());
        let _huge = other.add(10 * PRESSURE).unwrap();
        drop(huge);
        assert!(one.has_room());
    }

    #[test]
    fn a_connection_has_less_room_where_all_have_too_much() {
        let total = Arc::default();
        let (one, other) = (connection(&total), connection(&total));
        let some = one.add(2 * LIMIT_UNDER_PRESSURE).unwrap();
        assert!(one.has_room());
        let huge = other.add(PRESSURE).unwrap();
        assert!(!one.has_room());
        let more = one.add(LIMIT).unwrap();
        assert!(one.add(1).is_err());
        drop(huge);
        one.add(1).unwrap();
        drop((some, more));
        assert_eq!(total.load(Relaxed), 0);
    }

    #[tokio::test]
    async fn requests_wait_until_answers_are_sent() {
        let (unsent, pace) = (connection(&Arc::default()), Pace::default());
        assert!(unsent.room(&pace).await.unwrap().is_none());
        let answer = unsent.add(LIMIT + 1).unwrap();
        let mut waiting: Vec<_> = (0..=TURNS).map(|_| Box::pin(unsent.room(&pace))).collect();
        for request in &mut waiting {
            assert!(request.as_mut().now_or_never().is_none());
        }
        drop(answer);
        let last = waiting.pop().unwrap();
        let turns = futures_util::future::join_all(waiting).await;
        let mut last = std::pin::pin!(last);
        assert!(last.as_mut().now_or_never().is_none());
        drop(turns);
        assert!(last.await.unwrap().is_some());
    }

    #[tokio::test]
    async fn requests_that_wait_are_refused_when_the_client_is_told_to_go() {
        let (unsent, pace) = (connection(&Arc::default()), Pace::default());
        let answers = [unsent.add(LIMIT).unwrap(), unsent.add(LIMIT).unwrap()];
        let mut waiting = std::pin::pin!(unsent.room(&pace));
        assert!(waiting.as_mut().now_or_never().is_none());
        pace.end(Verdict::Leaving);
        drop(answers);
        let reason = waiting.await.unwrap_err().reason();
        assert_eq!(reason, Some(Reason::REFUSED_STREAM));
    }
}
