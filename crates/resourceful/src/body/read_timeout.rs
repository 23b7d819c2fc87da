//! Time limits for receiving a request body.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// Limits for receiving a request body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    /// Maximum wait for the next chunk (default 10 s). The rate counts after this time.
    pub(crate) chunk_timeout: Duration,
    /// Minimum average rate in bytes/s (default 240).
    pub(crate) min_rate: u64,
    /// Deadline for the whole body.
    pub(crate) deadline: Option<std::time::Instant>,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            chunk_timeout: Duration::from_secs(10),
            min_rate: 240,
            deadline: None,
        }
    }
}

/// The client sends too slowly and so occupies resources that others need.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
pub(crate) struct TooSlow;

/// The deadline of one body.
///
/// Only time during which the server waits counts, so that a slow handler is not charged to the client.
/// The timer is set when the server first waits.
#[derive(Debug, Default)]
pub(crate) struct ReadDeadline {
    received: u64,
    waited: Duration,
    wait: Option<Wait>,
    limits: BodyLimits,
}

#[derive(Debug)]
struct Wait {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

impl ReadDeadline {
    pub(crate) fn set_limits(&mut self, limits: BodyLimits) {
        self.limits = limits;
    }

    /// Records a chunk.
    pub(crate) fn received(&mut self, bytes: usize) {
        self.received += bytes as u64;
        if let Some(wait) = self.wait.take() {
            self.waited += wait.since.elapsed();
        }
    }

    /// Whether the deadline has passed. To be polled while no chunk has arrived.
    pub(crate) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let wait = self.wait.get_or_insert_with(|| {
            let since = Instant::now();
            let BodyLimits {
                chunk_timeout,
                min_rate,
                deadline,
            } = self.limits;
            let by_rate = self
                .received
                .checked_div(min_rate)
                .map_or(Duration::MAX, Duration::from_secs);
            let left = by_rate.max(chunk_timeout).saturating_sub(self.waited);
            let until = since.checked_add(left.min(chunk_timeout));
            let ends = [until, deadline.map(Instant::from_std)];
            let timer = match ends.into_iter().flatten().min() {
                Some(until) => sleep_until(until),
                None => sleep(Duration::MAX),
            };
            let timer = Box::pin(timer);
            Wait { since, timer }
        });
        wait.timer.as_mut().poll(cx) == Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::{advance, timeout};

    use super::*;

    async fn waits(deadline: &mut ReadDeadline, time: Duration) -> bool {
        let over = poll_fn(|cx| {
            if deadline.is_over(cx) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        timeout(time, over).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_chunk_has_ten_seconds() {
        let mut deadline = ReadDeadline::default();
        assert!(waits(&mut deadline, Duration::from_secs(9)).await);
        assert!(!waits(&mut deadline, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dripping_body_is_too_slow_after_ten_seconds() {
        let mut deadline = ReadDeadline::default();
        for _ in 0..9 {
            assert!(waits(&mut deadline, Duration::from_secs(1)).await);
            deadline.received(1);
        }
        assert!(!waits(&mut deadline, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_but_steady_body_is_received() {
        let mut deadline = ReadDeadline::default();
        for _ in 0..600 {
            assert!(waits(&mut deadline, Duration::from_secs(1)).await);
            deadline.received(300);
        }
        deadline.set_limits(BodyLimits {
            deadline: Some((Instant::now() + Duration::from_secs(1)).into_std()),
            ..BodyLimits::default()
        });
        assert!(!waits(&mut deadline, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn time_without_waiting_does_not_count() {
        let mut deadline = ReadDeadline::default();
        for _ in 0..10 {
            assert!(waits(&mut deadline, Duration::from_millis(1)).await);
            deadline.received(1);
            advance(Duration::from_secs(60)).await;
        }
    }
}
