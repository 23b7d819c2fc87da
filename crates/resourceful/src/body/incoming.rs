//! A request body during its arrival, with its deadline.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;

use crate::body::read_timeout::{BodyLimits, ReadDeadline, TooSlow};
use crate::error::BoxError;

/// The progress of a request body. On an HTTP/1 connection the next request follows only after its end.
#[derive(Clone, Debug, Default)]
pub(crate) struct BodyState(Arc<AtomicU8>);

const OPEN: u8 = 0;
const READ: u8 = 1;
const ABANDONED: u8 = 2;

impl BodyState {
    /// Whether the body was read to its end.
    pub(crate) fn is_read(&self) -> bool {
        self.0.load(Ordering::Relaxed) == READ
    }

    /// Whether the body still exists, so that it may be read.
    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::Relaxed) == OPEN
    }
}

/// The sender of a body.
pub(crate) enum BodySource {
    Hyper(hyper::body::Incoming),
    /// Another server that calls the application as a service. The mutex is never locked:
    /// see [`crate::body`].
    Service(Mutex<UnsyncBoxBody<Bytes, BoxError>>),
}

pub(crate) struct Incoming {
    source: BodySource,
    is_at_end: bool,
    state: Option<BodyState>,
    deadline: ReadDeadline,
}

impl Incoming {
    pub(crate) fn new(source: BodySource, state: Option<BodyState>) -> Self {
        Self {
            source,
            is_at_end: false,
            state,
            deadline: ReadDeadline::default(),
        }
    }

    pub(crate) fn set_limits(&mut self, limits: BodyLimits) {
        self.deadline.set_limits(limits);
    }

    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match &mut self.source {
            BodySource::Hyper(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            BodySource::Service(body) => {
                let body = body.get_mut().unwrap_or_else(PoisonError::into_inner);
                Pin::new(body).poll_frame(cx)
            }
        };
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                self.deadline
                    .received(frame.data_ref().map_or(0, Bytes::len));
            }
            Poll::Ready(None) => self.is_at_end = true,
            Poll::Pending if self.deadline.is_over(cx) => {
                return Poll::Ready(Some(Err(TooSlow.into())));
            }
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        frame
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.is_at_end
            || match &self.source {
                BodySource::Hyper(body) => body.is_end_stream(),
                BodySource::Service(body) => body.lock().is_ok_and(|body| body.is_end_stream()),
            }
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match &self.source {
            BodySource::Hyper(body) => body.size_hint(),
            BodySource::Service(body) => body
                .lock()
                .map_or_else(|_| SizeHint::new(), |body| body.size_hint()),
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(state) = &self.state {
            let last = if self.is_end_stream() {
                READ
            } else {
                ABANDONED
            };
            state.0.store(last, Ordering::Relaxed);
        }
    }
}
