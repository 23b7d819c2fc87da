//! Circuit breaker: after a few failures in a row, commands are paused for a while.

use std::time::Duration;

use tokio::time::Instant;

/// Failed operations in a row before the server counts as unavailable. A single failure may have a
/// short cause: a large value, a busy machine.
const MAX_FAILURES: u32 = 3;

/// Time without commands to an unavailable server.
const PAUSE: Duration = Duration::from_secs(1);

/// State of the server by its last operations.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// Failures since the last reply.
    failures: u32,
    failed_at: Option<Instant>,
    unavailable_until: Option<Instant>,
}

/// A change of [`Health`], for the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Transition {
    None,
    BecameUnavailable,
    Recovered,
}

impl Health {
    pub(super) fn is_unavailable(&self, now: Instant) -> bool {
        self.unavailable_until.is_some_and(|until| now < until)
    }

    /// Records that an operation got a reply.
    pub(super) fn record_reply(&mut self) -> Transition {
        let was_unavailable = self.unavailable_until.is_some();
        *self = Self::default();
        if was_unavailable {
            Transition::Recovered
        } else {
            Transition::None
        }
    }

    /// Records that an operation that began at `began` got no reply. Returns whether the server is
    /// now unavailable; the caller then drops the connection and calls [`Self::pause`].
    pub(super) fn record_failure(&mut self, began: Instant, now: Instant) -> bool {
        // Concurrent operations share one slow moment, so only the first failure counts.
        if self.failed_at.is_none_or(|failed_at| began >= failed_at) {
            self.failures += 1;
            self.failed_at = Some(now);
            return self.failures >= MAX_FAILURES;
        }
        false
    }

    /// Pauses commands for [`PAUSE`].
    pub(super) fn pause(&mut self, now: Instant) -> Transition {
        let was_unavailable = self.unavailable_until.replace(now + PAUSE).is_some();
        if was_unavailable {
            Transition::None
        } else {
            Transition::BecameUnavailable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(20);

    #[test]
    fn three_failures_in_a_row_make_the_server_unavailable() {
        let (mut health, start) = (Health::default(), Instant::now());
        let mut times = (0..).map(|number| start + number * STEP);
        let mut fail = |health: &mut Health| {
            let began = times.next().unwrap();
            health.record_failure(began, began + STEP)
        };
        assert_eq!([fail(&mut health), fail(&mut health)], [false, false]);
        // A reply between the failures resets the count.
        assert_eq!(health.record_reply(), Transition::None);
        let results = [(); 4].map(|()| fail(&mut health));
        assert_eq!(results, [false, false, true, true]);
        assert_eq!(health.pause(start), Transition::BecameUnavailable);
        assert_eq!(health.pause(start), Transition::None);
        assert!(health.is_unavailable(start));
        assert!(!health.is_unavailable(start + PAUSE));
        // Unavailable until it replies: one attempt a second is enough.
        assert!(fail(&mut health));
        assert_eq!(health.record_reply(), Transition::Recovered);
        assert!(!health.is_unavailable(start));
    }

    #[test]
    fn a_hundred_concurrent_failures_count_once() {
        let (mut health, now) = (Health::default(), Instant::now());
        for _ in 0..100 {
            assert!(!health.record_failure(now, now + STEP));
        }
    }
}
