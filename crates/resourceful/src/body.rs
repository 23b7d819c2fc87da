//! Bytes off the wire, bounded in size and in patience.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, HeaderValue};
use http_body::{Body as _, Frame};

use crate::error::{BoxError, Error, ErrorStatus, Result};
use crate::response::Body;

/// How long the next part of a body may take.
const FRAME_TIMEOUT: Duration = Duration::from_secs(10);

/// The whole body.
///
/// # Errors
/// 413 over `limit` bytes: from `Content-Length` before anything is read (so that a client
/// that sent `Expect` is not told to continue), else as soon as it is passed. 408 when the
/// next part takes over ten seconds, 400 when the client breaks off.
pub(crate) async fn read(mut body: Body, limit: u64) -> Result<Bytes> {
    let expected = body.size_hint();
    if expected.lower() > limit {
        return Err(too_large(limit));
    }
    let Some(first) = next_data(&mut body).await? else {
        return Ok(Bytes::new());
    };
    // Most bodies come in one part, which is then the answer: nothing is copied.
    if expected.exact() == Some(first.len() as u64) {
        return Ok(first);
    }
    let mut whole = BytesMut::from(first);
    loop {
        if whole.len() as u64 > limit {
            return Err(too_large(limit));
        }
        match next_data(&mut body).await? {
            Some(data) => whole.extend_from_slice(&data),
            None => return Ok(whole.freeze()),
        }
    }
}

async fn next_data(body: &mut Body) -> Result<Option<Bytes>> {
    loop {
        let Some(frame) = next_frame(body).await? else {
            return Ok(None);
        };
        match frame
            .map_err(|error| Error::bad_request("The body broke off.").with_source(error))?
            .into_data()
        {
            Ok(data) => return Ok(Some(data)),
            Err(_trailers) => {}
        }
    }
}

/// The timer is set only when there is something to wait for.
async fn next_frame(body: &mut Body) -> Result<Option<Result<Frame<Bytes>, BoxError>>> {
    let at_once = poll_fn(|cx| Poll::Ready(Pin::new(&mut *body).poll_frame(cx))).await;
    if let Poll::Ready(frame) = at_once {
        return Ok(frame);
    }
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx));
    tokio::time::timeout(FRAME_TIMEOUT, frame)
        .await
        .map_err(|_| {
            Error::new(ErrorStatus::new(408))
                .with_detail("The body did not come in time.")
                .with_header(CONNECTION, HeaderValue::from_static("close"))
        })
}

fn too_large(limit: u64) -> Error {
    Error::new(ErrorStatus::new(413)).with_detail(format!("The body is larger than {limit} bytes."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_at_the_limit_is_read_and_one_byte_more_is_not() {
        assert_eq!(read(Body::from("four"), 4).await.unwrap(), "four");
        assert_eq!(
            read(Body::from("fives"), 4).await.unwrap_err().status(),
            413
        );
        assert_eq!(
            read(Body::new(Body::from("four")), 4).await.unwrap(),
            "four"
        );
    }

    #[tokio::test]
    async fn an_empty_body_is_no_bytes() {
        assert_eq!(read(Body::empty(), 4).await.unwrap(), "");
    }
}
