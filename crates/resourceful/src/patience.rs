//! How long a server waits for a body that is sent to it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

/// How long the next part of a body may take.
const NEXT_PART: Duration = Duration::from_secs(10);

/// So many bytes a second have to come on the average, once there was time to begin.
const FLOOR_RATE: u64 = 240;
const TIME_TO_BEGIN: Duration = Duration::from_secs(10);

/// The client does not send, or so slowly that it holds what others need.
#[derive(Debug, thiserror::Error)]
#[error("the body did not come in time")]
pub(crate) struct TooSlow;

/// What one body has taken of the server's patience.
///
/// Only the time that is spent waiting counts: a reader that is slow itself is no fault of the
/// client's. The timer is set when there is something to wait for.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    received: u64,
    waited: Duration,
    wait: Option<Wait>,
    /// When the answer is due; with an unread body there is none.
    deadline: Option<Instant>,
}

#[derive(Debug)]
struct Wait {
    since: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Patience {
    pub(crate) fn ends_by(&mut self, deadline: Option<std::time::Instant>) {
        self.deadline = deadline.map(Instant::from_std);
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
            let earned = Duration::from_secs(self.received / FLOOR_RATE);
            let left = earned.max(TIME_TO_BEGIN).saturating_sub(self.waited);
            let until = since + left.min(NEXT_PART);
            let until = self.deadline.map_or(until, |deadline| deadline.min(until));
            let timer = Box::pin(sleep_until(until));
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

    async fn waits(patience: &mut Patience, time: Duration) -> bool {
        let over = poll_fn(|cx| match patience.is_over(cx) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        timeout(time, over).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_part_has_ten_seconds() {
        let mut patience = Patience::default();
        assert!(waits(&mut patience, Duration::from_secs(9)).await);
        assert!(!waits(&mut patience, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_too_slow_after_ten_seconds() {
        let mut patience = Patience::default();
        for _ in 0..9 {
            assert!(waits(&mut patience, Duration::from_secs(1)).await);
            patience.received(1);
        }
        assert!(!waits(&mut patience, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_is_waited_for_as_long_as_it_sends() {
        let mut patience = Patience::default();
        for _ in 0..600 {
            assert!(waits(&mut patience, Duration::from_secs(1)).await);
            patience.received(300);
        }
        patience.ends_by(Some((Instant::now() + Duration::from_secs(1)).into_std()));
        assert!(!waits(&mut patience, Duration::from_secs(2)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_reader_is_no_fault_of_the_clients() {
        let mut patience = Patience::default();
        for _ in 0..10 {
            assert!(waits(&mut patience, Duration::from_millis(1)).await);
            patience.received(1);
            advance(Duration::from_secs(60)).await;
        }
    }
}
