//! A response body in chunks of limited length, so that a client that does not read holds little
//! memory.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, MAX_CHUNK};
use crate::error::BoxError;

pub(super) struct ChunkedBody {
    body: Body,
    /// The rest of a frame that was too long for one chunk.
    rest: Bytes,
    /// See [`take_allocated`](Self::take_allocated).
    allocated: Option<usize>,
}

impl ChunkedBody {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            allocated: None,
        }
    }

    /// The length of a long frame that was begun since the last call, if this response alone holds
    /// its memory.
    pub(super) fn take_allocated(&mut self) -> Option<usize> {
        self.allocated.take()
    }

    /// Is a part of a long frame left?
    pub(super) fn has_rest(&self) -> bool {
        !self.rest.is_empty()
    }
}

impl HttpBody for ChunkedBody {
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
                    self.allocated = self.rest.is_unique().then_some(self.rest.len());
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
        let mut total = SizeHint::new();
        total.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            total.set_upper(upper + rest);
        }
        total
    }
}
