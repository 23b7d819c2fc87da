//! The time limit of a request until its response.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::error::{Error, ErrorStatus};

pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The time limit of one request. The timer is set when the work is first pending, so a request without
/// waiting needs none.
#[derive(Debug)]
pub(crate) struct Timeout {
    time: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Timeout {
    pub(crate) const OFF: Self = Self::new(Duration::MAX);

    pub(crate) const fn new(time: Duration) -> Self {
        Self { time, timer: None }
    }

    /// Whether the time is over. To be polled while the work is pending; wakes the task at the end of the
    /// time.
    pub(crate) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        if self.time == Duration::MAX {
            return false;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.time)));
        timer.as_mut().poll(cx) == Poll::Ready(())
    }
}

/// 503: the time limit has passed.
pub(crate) fn timed_out(detail: &'static str) -> Error {
    Error::new(ErrorStatus::new(503))
        .with_detail(detail)
        .with_source("the time limit has passed")
}
