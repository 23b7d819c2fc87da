//! Decompresses the body of a request while it is read.

use std::io::{Error as IoError, ErrorKind, Write as _};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use flate2::write::GzDecoder;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue};
use http_body::{Body as HttpBody, Frame};

use crate::body::Body;
use crate::body::stream::BodyStream;
use crate::error::{BoxError, Error, ErrorStatus, Result};

/// The most members of a body. One costs as much as a kilobyte, and may have 20 bytes.
const MAX_MEMBERS: usize = 64;

/// The most steps without output before other tasks have their turn.
const STEPS: usize = 32;

/// The body without its content coding (RFC 9110 section 8.4).
///
/// # Errors
/// 415 for other codings than gzip, also for two of them, with the accepted one in `Accept-Encoding` (RFC 9110
/// section 12.5.3).
pub(crate) fn decoded(body: Body, headers: &HeaderMap, limit: u64) -> Result<Body> {
    let mut codings = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"));
    match (codings.next(), codings.next()) {
        (None, _) => Ok(body),
        (Some(coding), None) if is_gzip(coding) => {
            if body.is_end_stream() {
                return Ok(body);
            }
            Ok(Body::new(GzipBody {
                body: BodyStream::new(body, limit)?,
                members: 1,
                decoder: GzDecoder::new(Vec::new()),
                input: Bytes::new(),
                is_complete: false,
            }))
        }
        _ => Err(Error::new(ErrorStatus::new(415))
            .with_detail("The body may be encoded with gzip only.")
            .with_header(ACCEPT_ENCODING, HeaderValue::from_static("gzip, identity"))),
    }
}

/// `x-gzip` is the same (RFC 9110 section 8.4.1.3).
fn is_gzip(coding: &[u8]) -> bool {
    [&b"gzip"[..], b"x-gzip"]
        .iter()
        .any(|known| coding.eq_ignore_ascii_case(known))
}

/// A body that is decompressed in small steps: a reader that stops at its limit has caused no more work.
struct GzipBody {
    /// The compressed bytes have the same limit as the others: a body may decompress to nothing.
    body: BodyStream,
    decoder: GzDecoder<Vec<u8>>,
    members: usize,
    /// The compressed bytes that are not decompressed yet.
    input: Bytes,
    is_complete: bool,
}

impl HttpBody for GzipBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        for _ in 0..STEPS {
            let output = std::mem::take(this.decoder.get_mut());
            if !output.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(output.into()))));
            }
            if this.is_complete {
                return Poll::Ready(None);
            }
            let result = if this.input.is_empty() {
                if let Some(part) = ready!(this.body.poll_part(cx)) {
                    this.input = part?;
                    Ok(())
                } else {
                    this.is_complete = true;
                    this.decoder.try_finish()
                }
            } else {
                // Each call writes 32 KiB at most.
                this.decoder
                    .write(&this.input)
                    .and_then(|bytes| match bytes {
                        0 => this.next_member(),
                        bytes => {
                            this.input.advance(bytes);
                            Ok(())
                        }
                    })
            };
            if let Err(error) = result {
                this.is_complete = true;
                this.decoder.get_mut().clear();
                return Poll::Ready(Some(Err(error.into())));
            }
        }
        // Much input without output: other tasks have their turn.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl GzipBody {
    /// Begins a further member (RFC 1952 section 2.2).
    fn next_member(&mut self) -> Result<(), IoError> {
        self.decoder.try_finish()?;
        if self.members == MAX_MEMBERS {
            return Err(IoError::new(ErrorKind::InvalidData, "too many members"));
        }
        self.members += 1;
        let output = std::mem::take(self.decoder.get_mut());
        self.decoder = GzDecoder::new(output);
        Ok(())
    }
}
