//! An HTTP/1 connection as hyper sees it: it notes what it does, looks at heads, and keeps
//! hyper's own refusals to itself.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::http1_error::hypers_own;
use super::io::Stream;
use super::watchdog::Pace;

#[derive(Debug)]
pub(super) struct Socket {
    io: TokioIo<Watched>,
    pace: Arc<Pace>,
    /// The status that hyper has refused a head with.
    refused: Option<u16>,
}

impl Socket {
    pub(super) fn new(stream: Stream, pace: Arc<Pace>) -> Self {
        Self {
            io: TokioIo::new(Watched {
                stream,
                pace: Arc::clone(&pace),
            }),
            pace,
            refused: None,
        }
    }

    pub(super) fn into_parts(self) -> (Stream, Option<u16>) {
        (self.io.into_inner().stream, self.refused)
    }
}

/// Looks at all that is read, before hyper has it: a head may come in the same read as the body
/// before it.
#[derive(Debug)]
struct Watched {
    stream: Stream,
    pace: Arc<Pace>,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.pace.read(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.pace.owes_nothing_yet()
            && let Some(status) = hypers_own(bytes)
        {
            self.refused = Some(status);
            return Poll::Ready(Ok(bytes.len()));
        }
        let outcome = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.pace.wrote(&outcome);
        outcome
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.io).poll_flush(cx);
        // Of TLS, which keeps what does not go out.
        self.pace.flushed(&outcome);
        outcome
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
