//! The socket of an HTTP/1 connection as hyper sees it.
//!
//! The socket records reads and writes for the watchdog, checks the framing of heads, and withholds
//! hyper's own error responses, which [`super::http1`] replaces by problem details.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection_state::ConnectionState;
use super::http1_error::HeadError;
use super::io::Stream;

#[derive(Debug)]
pub(super) struct Http1Io {
    io: TokioIo<CheckedStream>,
    state: Arc<ConnectionState>,
    /// The error that hyper has found in a head.
    error: Option<HeadError>,
}

impl Http1Io {
    pub(super) fn new(stream: Stream, state: Arc<ConnectionState>) -> Self {
        Self {
            io: TokioIo::new(CheckedStream {
                stream,
                state: Arc::clone(&state),
            }),
            state,
            error: None,
        }
    }

    pub(super) fn into_parts(self) -> (Stream, Option<HeadError>) {
        (self.io.into_inner().stream, self.error)
    }
}

/// Checks all bytes before hyper gets them: a head may come in the same read as the body before
/// it.
#[derive(Debug)]
struct CheckedStream {
    stream: Stream,
    state: Arc<ConnectionState>,
}

impl AsyncRead for CheckedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.state.bytes_read(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for CheckedStream {
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

impl Read for Http1Io {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buffer)
    }
}

impl Write for Http1Io {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.state.awaits_head_only()
            && let Some(error) = HeadError::from_hyper(bytes)
        {
            self.error = Some(error);
            return Poll::Ready(Ok(bytes.len()));
        }
        let result = Pin::new(&mut self.io).poll_write(cx, bytes);
        self.state.write_polled(&result);
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.io).poll_flush(cx);
        self.state.flush_polled(&result);
        result
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
