//! The response to an HTTP/1 request. The connection records when the response is ready and when it
//! is sent.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, HeaderValue};
use http::{StatusCode, Version};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::incoming::BodyState;
use crate::body::{Body, Response};
use crate::error::BoxError;
use crate::response::upgrade::Upgrade;

use super::chunked_body::ChunkedBody;
use super::connection_state::ConnectionState;
use super::drain::DrainReceiver;

/// The future of a response.
pub(super) struct Http1Response<'c, F> {
    pub(super) future: F,
    /// The version of the request.
    pub(super) version: Version,
    /// The state of the request's body, if it has one.
    pub(super) body: Option<BodyState>,
    pub(super) state: &'c Arc<ConnectionState>,
    pub(super) drain: &'c DrainReceiver,
}

impl<F> Future for Http1Response<'_, F>
where
    F: Future<Output = Result<Response, Infallible>> + Unpin,
{
    type Output = Result<Response, Infallible>;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // Matched in place: moving a response costs more than all the rest here.
        let mut polled = Pin::new(&mut self.future).poll(cx);
        if let Poll::Ready(Ok(response)) = &mut polled
            && self.is_last()
            && response.status() != StatusCode::SWITCHING_PROTOCOLS
        {
            if self.version == Version::HTTP_10 {
                // With another version, hyper adds `keep-alive`.
                *response.version_mut() = self.version;
            }
            let close = HeaderValue::from_static("close");
            if !response
                .headers()
                .get_all(CONNECTION)
                .iter()
                .any(|value| value == close)
            {
                response.headers_mut().append(CONNECTION, close);
            }
        }
        match &mut polled {
            // The rest of this request's body is not the next head.
            Poll::Ready(_) if self.body.as_ref().is_some_and(BodyState::is_open) => {
                return polled;
            }
            // The upgrade handler takes over the connection and its timeouts.
            Poll::Ready(Ok(response)) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
                self.state.http1.set_upgrade(Upgrade::of(response));
                // A layer may have wrapped the empty body.
                *response.body_mut() = Body::empty();
                return polled;
            }
            Poll::Ready(Ok(response)) if !response.body().fits_one_chunk() => {}
            Poll::Ready(_) => {
                self.state.responded();
                return polled;
            }
            Poll::Pending => return polled,
        }
        // The request is served until the stream ends, however long the stream is silent.
        let state = Arc::clone(self.state);
        polled.map_ok(|response| {
            response.map(|body| {
                Body::new(StreamedBody {
                    chunks: ChunkedBody::new(body),
                    state,
                })
            })
        })
    }
}

impl<F> Http1Response<'_, F> {
    /// Does the connection end after this response?
    fn is_last(&self) -> bool {
        let is_unread = |body: &BodyState| !body.is_read();
        self.body.as_ref().is_some_and(is_unread) || self.drain.is_announced()
    }
}

/// A response body in several chunks. The request is served until it is dropped.
struct StreamedBody {
    chunks: ChunkedBody,
    state: Arc<ConnectionState>,
}

impl HttpBody for StreamedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.chunks).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.chunks.size_hint()
    }
}

impl Drop for StreamedBody {
    fn drop(&mut self) {
        self.state.responded();
    }
}
