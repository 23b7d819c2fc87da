//! A body that goes out in parts which are not long, whatever it is made of.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, MAX_CHUNK};
use crate::error::BoxError;

pub(super) struct Parts {
    body: Body,
    /// Of a part that was longer.
    rest: Bytes,
    /// How long that was, until somebody has asked.
    long: Option<usize>,
}

impl Parts {
    pub(super) fn of(body: Body) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            long: None,
        }
    }

    /// How many bytes of memory were begun since the last call: those of a part that is too long to
    /// go out at once, and that nobody else holds.
    pub(super) fn take_long(&mut self) -> Option<usize> {
        self.long.take()
    }

    /// Is some of a long part left?
    pub(super) fn has_rest(&self) -> bool {
        !self.rest.is_empty()
    }
}

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) if frame.data_ref().is_some_and(|data| data.len() > MAX_CHUNK) => {
                    self.rest = frame.into_data().unwrap_or_default();
                    self.long = self.rest.is_unique().then_some(self.rest.len());
                }
                frame => return Poll::Ready(frame),
            }
        }
        let length = self.rest.len().min(MAX_CHUNK);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let hint = self.body.size_hint();
        let mut whole = SizeHint::new();
        whole.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}
