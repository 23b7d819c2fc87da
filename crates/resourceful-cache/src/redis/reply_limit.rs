//! Limits the size of replies on a stream.
//!
//! The `redis` crate reads a reply of any length into memory and has no setting to limit it.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Maximum length of a line of a reply in bytes: a number, `OK`, or an error.
const MAX_LINE_LENGTH: usize = 4 * 1024;

/// A stream that fails as soon as a reply announces too many bytes.
#[derive(Debug)]
pub(super) struct LimitedReplies<S> {
    stream: S,
    limit: ReplyLimit,
}

impl<S> LimitedReplies<S> {
    /// Limits strings to `max_string_size` bytes.
    pub(super) fn new(stream: S, max_string_size: usize) -> Self {
        Self {
            stream,
            limit: ReplyLimit {
                max_string_size,
                line: Vec::new(),
                string_left: 0,
            },
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LimitedReplies<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let old_len = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        Poll::Ready(self.limit.check(&buffer.filled()[old_len..]))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LimitedReplies<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Parses the lengths of RESP2 replies. A cache gets only lines and strings.
///
/// <https://redis.io/docs/latest/develop/reference/protocol-spec/>
#[derive(Debug)]
struct ReplyLimit {
    max_string_size: usize,
    /// Bytes of the current line.
    line: Vec<u8>,
    /// Bytes of the current string that are still to come, with its final CRLF.
    string_left: usize,
}

impl ReplyLimit {
    fn check(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let of_string = self.string_left.min(bytes.len());
            self.string_left -= of_string;
            bytes = &bytes[of_string..];
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                self.add(bytes)?;
                break;
            };
            self.add(&bytes[..=end])?;
            bytes = &bytes[end + 1..];
            if self.line.ends_with(b"\r\n") {
                self.string_left = self.string_after_line()?;
                self.line.clear();
            }
        }
        Ok(())
    }

    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.line.len() + bytes.len() > MAX_LINE_LENGTH {
            return Err(protocol_error("line of a reply is too long"));
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn string_after_line(&self) -> io::Result<usize> {
        let line = self.line.trim_ascii_end();
        match line.split_first() {
            // The length -1 means a null string.
            Some((b'+' | b'-' | b':', _) | (b'$', b"-1")) => Ok(0),
            Some((b'$', length)) => {
                let length = str::from_utf8(length).ok();
                let length = length.and_then(|length| length.parse::<usize>().ok());
                match length {
                    Some(length) if length <= self.max_string_size => Ok(length + 2),
                    _ => Err(protocol_error("a reply is too long")),
                }
            }
            // Arrays may have any number of elements.
            _ => Err(protocol_error("a reply is of an unexpected type")),
        }
    }
}

/// Error after which the connection cannot be used any more.
fn protocol_error(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::ConnectionAborted, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(replies: &[u8], chunk: usize) -> Result<(), String> {
        let mut limit = LimitedReplies::new((), 10).limit;
        let mut chunks = replies.chunks(chunk);
        let result = chunks.try_for_each(|chunk| limit.check(chunk));
        result.map_err(|error| error.to_string())
    }

    #[test]
    fn replies_within_the_limit_pass_in_any_chunks() {
        let replies =
            b"+OK\r\n$-1\r\n$0\r\n\r\n:7\r\n$10\r\n$99\r\n+\n567\r\n-ERR no\nend\r\n$1\r\nx\r\n";
        for chunk in 1..=replies.len() {
            assert_eq!(check(replies, chunk), Ok(()), "{chunk}");
        }
    }

    #[test]
    fn longer_replies_fail_at_their_first_line() {
        let endless = [b'+'; MAX_LINE_LENGTH + 1];
        for reply in [
            &b"$11\r\n"[..],
            b"+OK\r\n$500000000\r\n",
            b"$99999999999999999999\r\n",
            b"$-2\r\n",
            b"$\r\n",
            b"*1000000000\r\n",
            b"%1\r\n",
            b"\r\n",
            &endless,
        ] {
            for chunk in [1, 2, reply.len()] {
                assert!(check(reply, chunk).is_err(), "{reply:?}");
            }
        }
    }
}
