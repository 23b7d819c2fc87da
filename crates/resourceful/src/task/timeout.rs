//! How long a request may take until it is answered.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use crate::error::{Error, ErrorStatus};

pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// The limit of one request. Its timer is set when there is something to wait for: a request
/// that is answered at once sets none.
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

    /// Asked after the work was found pending; wakes the task when the time is over.
    pub(crate) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        if self.time == Duration::MAX {
            return false;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.time)));
        timer.as_mut().poll(cx) == Poll::Ready(())
    }
}

/// What a request is answered whose time is over.
pub(crate) fn overdue(detail: &'static str) -> Error {
    Error::new(ErrorStatus::new(503))
        .with_detail(detail)
        .with_source("the time limit is over")
}
