//! A request's body as it arrives, with the deadline it is waited for.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::combinators::UnsyncBoxBody;

use crate::body::read_timeout::{BodyLimits, ReadDeadline, TooSlow};
use crate::error::BoxError;

/// What has become of a request's body. Until it was read to its end, the rest of it stands between
/// this request and the next on an HTTP/1 connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct BodyState(Arc<AtomicU8>);

const AWAITED: u8 = 0;
const READ: u8 = 1;
const LEFT: u8 = 2;

impl BodyState {
    /// Read to its end, and gone.
    pub(crate) fn is_none(&self) -> bool {
        self.0.load(Ordering::Relaxed) == READ
    }

    /// Somebody may still read it.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.load(Ordering::Relaxed) == AWAITED
    }
}

/// Who sends it.
pub(crate) enum Source {
    Hyper(hyper::body::Incoming),
    /// Another server, which calls the application as a service. The mutex is never locked:
    /// see [`crate::body`].
    Service(Mutex<UnsyncBoxBody<Bytes, BoxError>>),
}

pub(crate) struct Incoming {
    source: Source,
    is_done: bool,
    remains: Option<BodyState>,
    deadline: ReadDeadline,
}

impl Incoming {
    pub(crate) fn new(source: Source, remains: Option<BodyState>) -> Self {
        Self {
            source,
            is_done: false,
            remains,
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
            Source::Hyper(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Source::Service(body) => {
                let body = body.get_mut().unwrap_or_else(PoisonError::into_inner);
                Pin::new(body).poll_frame(cx)
            }
        };
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                self.deadline
                    .received(frame.data_ref().map_or(0, Bytes::len));
            }
            Poll::Ready(None) => self.is_done = true,
            Poll::Pending if self.deadline.is_over(cx) => {
                return Poll::Ready(Some(Err(TooSlow.into())));
            }
            Poll::Ready(Some(Err(_))) | Poll::Pending => {}
        }
        frame
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.is_done
            || match &self.source {
                Source::Hyper(body) => body.is_end_stream(),
                Source::Service(body) => body.lock().is_ok_and(|body| body.is_end_stream()),
            }
    }

    pub(crate) fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Hyper(body) => body.size_hint(),
            Source::Service(body) => body
                .lock()
                .map_or_else(|_| SizeHint::new(), |body| body.size_hint()),
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Some(remains) = &self.remains {
            let state = if self.is_end_stream() { READ } else { LEFT };
            remains.0.store(state, Ordering::Relaxed);
        }
    }
}
