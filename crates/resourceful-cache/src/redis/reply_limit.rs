//! A stream of replies, none of which is longer than is allowed.
//!
//! The `redis` crate reads a reply of any length into memory before anybody sees it, and has no
//! setting for that.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest line of a reply, in bytes: a number, `OK`, or an error.
const MAX_LINE: usize = 4 * 1024;

/// A stream that fails at the beginning of a reply that is too long.
#[derive(Debug)]
pub(super) struct LimitedReplies<S> {
    stream: S,
    limit: ReplyLimit,
}

impl<S> LimitedReplies<S> {
    /// A stream over which strings have at most `max_string` bytes.
    pub(super) fn new(stream: S, max_string: usize) -> Self {
        Self {
            stream,
            limit: ReplyLimit {
                max_string,
                line: Vec::new(),
                rest: 0,
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
        let known = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        Poll::Ready(self.limit.check(&buffer.filled()[known..]))
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

/// Follows replies of RESP2, of which a cache gets lines and strings only.
///
/// <https://redis.io/docs/latest/develop/reference/protocol-spec/>
#[derive(Debug)]
struct ReplyLimit {
    max_string: usize,
    /// The line that has begun.
    line: Vec<u8>,
    /// How many bytes of a string are still to come, with the line's end after it.
    rest: usize,
}

impl ReplyLimit {
    fn check(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let of_string = self.rest.min(bytes.len());
            self.rest -= of_string;
            bytes = &bytes[of_string..];
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
                self.add(bytes)?;
                break;
            };
            self.add(&bytes[..=end])?;
            bytes = &bytes[end + 1..];
            if self.line.ends_with(b"\r\n") {
                self.rest = self.string_after_line()?;
                self.line.clear();
            }
        }
        Ok(())
    }

    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.line.len() + bytes.len() > MAX_LINE {
            return Err(refused("a line of a reply is too long"));
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn string_after_line(&self) -> io::Result<usize> {
        let line = self.line.trim_ascii_end();
        match line.split_first() {
            // No string at all has the length -1.
            Some((b'+' | b'-' | b':', _) | (b'$', b"-1")) => Ok(0),
            Some((b'$', length)) => {
                let length = str::from_utf8(length).ok();
                let length = length.and_then(|length| length.parse::<usize>().ok());
                match length {
                    Some(length) if length <= self.max_string => Ok(length + 2),
                    _ => Err(refused("a reply is too long")),
                }
            }
            // Lists have any number of members.
            _ => Err(refused("a reply is of a type that was not asked for")),
        }
    }
}

/// The connection cannot be used any more.
fn refused(why: &'static str) -> io::Error {
    io::Error::new(ErrorKind::ConnectionAborted, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(replies: &[u8], piece: usize) -> Result<(), String> {
        let mut limit = LimitedReplies::new((), 10).limit;
        let mut pieces = replies.chunks(piece);
        let outcome = pieces.try_for_each(|piece| limit.check(piece));
        outcome.map_err(|error| error.to_string())
    }

    #[test]
    fn replies_within_the_limit_pass_in_whatever_pieces_they_come() {
        let replies =
            b"+OK\r\n$-1\r\n$0\r\n\r\n:7\r\n$10\r\n$99\r\n+\n567\r\n-ERR no\nend\r\n$1\r\nx\r\n";
        for piece in 1..=replies.len() {
            assert_eq!(check(replies, piece), Ok(()), "{piece}");
        }
    }

    #[test]
    fn longer_ones_are_refused_at_their_first_line() {
        let endless = [b'+'; MAX_LINE + 1];
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
            for piece in [1, 2, reply.len()] {
                assert!(check(reply, piece).is_err(), "{reply:?}");
            }
        }
    }
}
