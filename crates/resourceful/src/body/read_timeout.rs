//! How long a server waits for a body that is sent to it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep, sleep_until};

/// What is expected of who sends a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    /// How long the next part may take; and how long it may be before the rate counts.
    pub(crate) next_part: Duration,
    /// So many bytes a second have to come on the average.
    pub(crate) floor_rate: u64,
    /// When all of it has to be there.
    pub(crate) deadline: Option<std::time::Instant>,
}

impl Default for BodyLimits {
    fn default() -> Self {
        Self {
            next_part: Duration::from_secs(10),
            floor_rate: 240,
            deadline: None,
        }
    }
}

/// The client does not send, or so slowly that it holds what others need.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
pub(crate) struct TooSlow;

/// What one body has taken of the server's deadline.
///
/// Only the time that is spent waiting counts: a reader that is slow itself is no fault of the
/// client's. The timer is set when there is something to wait for.
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

    /// Something came.
    pub(crate) fn received(&mut self, bytes: usize) {
        self.received += bytes as u64;
        if let Some(wait) = self.wait.take() {
            self.waited += wait.since.elapsed();
        }
    }

    /// Nothing came: has it been so for too long?
    pub(crate) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        let wait = self.wait.get_or_insert_with(|| {
            let since = Instant::now();
            let BodyLimits {
                next_part,
                floor_rate,
                deadline,
            } = self.limits;
            let earned = self
                .received
                .checked_div(floor_rate)
                .map_or(Duration::MAX, Duration::from_secs);
            let left = earned.max(next_part).saturating_sub(self.waited);
            let until = since.checked_add(left.min(next_part));
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
    async fn a_part_has_ten_seconds() {
        let mut deadline = ReadDeadline::default();
        assert!(waits(&mut deadline, Duration::from_secs(9)).await);
        assert!(!waits(&mut deadline, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_too_slow_after_ten_seconds() {
        let mut deadline = ReadDeadline::default();
        for _ in 0..9 {
            assert!(waits(&mut deadline, Duration::from_secs(1)).await);
            deadline.received(1);
        }
        assert!(!waits(&mut deadline, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_is_waited_for_as_long_as_it_sends() {
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
    async fn a_slow_reader_is_no_fault_of_the_clients() {
        let mut deadline = ReadDeadline::default();
        for _ in 0..10 {
            assert!(waits(&mut deadline, Duration::from_millis(1)).await);
            deadline.received(1);
            advance(Duration::from_secs(60)).await;
        }
    }
}
