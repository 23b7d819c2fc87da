//! Reads a request body with a size limit. [`crate::body::read_timeout`] has its time limits.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::header::{CONNECTION, HeaderValue};
use http_body::{Body as _, Frame};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::body::Body;
use crate::body::read_timeout::TooSlow;
use crate::error::{BoxError, Error, ErrorStatus, Result};

/// A request body in chunks, as they arrive: see [`Request::body`](crate::Request::body).
///
/// Chunks are not read ahead, so a fast client waits for a slow reader. It is also a
/// [`futures_util::Stream`].
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn count(mut request: Request) -> Result<String> {
///     let mut body = request.body(1 << 30)?;
///     let mut lines = 0;
///     while let Some(part) = body.next_part().await? {
///         lines += part.iter().filter(|byte| **byte == b'\n').count();
///     }
///     Ok(format!("{lines} lines"))
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let client = TestClient::new(App::new().post("/", public(count)))?;
/// assert_eq!(client.post("/").body("a\nb\n").await.text(), "2 lines");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct BodyStream {
    body: Body,
    limit: u64,
    left: u64,
}

impl BodyStream {
    /// Refuses a body that announces more than `limit` bytes before reading it, so that a client that sent
    /// `Expect` gets no `100 Continue`.
    pub(crate) fn new(body: Body, limit: u64) -> Result<Self> {
        if body.size_hint().lower() > limit {
            return Err(too_large(limit));
        }
        Ok(Self {
            body,
            limit,
            left: limit,
        })
    }

    /// The next chunk, or `None` at the end.
    ///
    /// # Errors
    /// 413 as soon as the body exceeds the limit. 408 if the next chunk takes over 10 s, if the average rate
    /// is below 240 bytes/s, or at the timeout of the request. 400 if the client aborts the body.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// async fn first_byte(mut request: Request) -> Result<String> {
    ///     let first = request.body(1024)?.next_part().await?;
    ///     Ok(format!("{:?}", first.and_then(|part| part.first().copied())))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().post("/", public(first_byte)))?;
    /// # assert_eq!(client.post("/").body("A").await.text(), "Some(65)");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn next_part(&mut self) -> Result<Option<Bytes>> {
        poll_fn(|cx| self.poll_part(cx)).await.transpose()
    }

    /// The whole body. Borrows the stream, so that the future is small.
    pub(crate) async fn read_all(&mut self) -> Result<Bytes> {
        let expected = self.body.size_hint().exact();
        let Some(first) = self.next_part().await? else {
            return Ok(Bytes::new());
        };
        // Most bodies have one chunk, which is returned without a copy.
        if expected == Some(first.len() as u64) {
            return Ok(first);
        }
        let mut bytes = BytesMut::from(first);
        while let Some(part) = self.next_part().await? {
            bytes.extend_from_slice(&part);
        }
        Ok(bytes.freeze())
    }

    /// Writes the body chunk by chunk and returns its length in bytes.
    ///
    /// # Errors
    /// As [`next_part`](Self::next_part); 500 if writing fails.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// async fn store(mut request: Request) -> Result<String> {
    ///     let mut file = Vec::new(); // a `tokio::fs::File`, say
    ///     let bytes = request.body(1 << 30)?.write_to(&mut file).await?;
    ///     Ok(format!("{bytes} bytes stored"))
    /// }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<()> {
    /// # let client = TestClient::new(App::new().put("/file", public(store)))?;
    /// assert_eq!(client.put("/file").body("four").await.text(), "4 bytes stored");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn write_to(mut self, writer: &mut (impl AsyncWrite + Unpin)) -> Result<u64> {
        while let Some(part) = self.next_part().await? {
            writer.write_all(&part).await.map_err(Error::internal)?;
        }
        writer.flush().await.map_err(Error::internal)?;
        Ok(self.limit - self.left)
    }

    pub(crate) fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes>>> {
        loop {
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            let data = match frame.map(|frame| frame.map(Frame::into_data)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(read_error(error)))),
                Some(Ok(Err(_trailers))) => continue,
                Some(Ok(Ok(data))) => data,
            };
            return Poll::Ready(Some(match self.left.checked_sub(data.len() as u64) {
                Some(left) => {
                    self.left = left;
                    Ok(data)
                }
                None => Err(too_large(self.limit)),
            }));
        }
    }
}

impl Stream for BodyStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_part(cx)
    }
}

fn read_error(error: BoxError) -> Error {
    if error.is::<TooSlow>() {
        return Error::new(ErrorStatus::new(408))
            .with_detail("The body did not come in time.")
            .with_header(CONNECTION, HeaderValue::from_static("close"));
    }
    match error.downcast::<Error>() {
        // The body under a decompressed one has its own errors.
        Ok(error) => *error,
        Err(error) => Error::bad_request("The body is incomplete.").with_source(error),
    }
}

fn too_large(limit: u64) -> Error {
    Error::new(ErrorStatus::new(413)).with_detail(format!("The body is larger than {limit} bytes."))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(body: Body) -> Result<Bytes> {
        BodyStream::new(body, 4)?.read_all().await
    }

    #[tokio::test]
    async fn one_byte_over_the_limit_is_refused() {
        assert_eq!(read(Body::from("four")).await.unwrap(), "four");
        assert_eq!(read(Body::from("fives")).await.unwrap_err().status(), 413);
        assert_eq!(read(Body::new(Body::from("four"))).await.unwrap(), "four");
    }

    #[tokio::test]
    async fn an_empty_body_has_no_bytes() {
        assert_eq!(read(Body::empty()).await.unwrap(), "");
    }
}
