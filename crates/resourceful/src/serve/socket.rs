//! An HTTP/1 connection as hyper sees it: it notes what it does, looks at heads, and keeps
//! hyper's own refusals to itself.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, ReadBuf};

use super::head::Heads;
use super::pace::Pace;
use super::refusal::hypers_own;
use super::stream::Stream;

/// So much of a head is read at a time. It is looked at before hyper has it, on the stack, so
/// that an idle connection keeps no buffer.
const HEAD_PART: usize = 4096;

#[derive(Debug)]
pub(super) struct Socket {
    io: TokioIo<Stream>,
    pace: Arc<Pace>,
    heads: Heads,
    /// The status that hyper has refused a head with.
    refused: Option<u16>,
}

impl Socket {
    pub(super) fn new(stream: Stream, pace: Arc<Pace>) -> Self {
        Self {
            io: TokioIo::new(stream),
            pace,
            heads: Heads::default(),
            refused: None,
        }
    }

    pub(super) fn into_parts(self) -> (Stream, Option<u16>) {
        (self.io.into_inner(), self.refused)
    }

    fn poll_read_head(
        &mut self,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut space = [const { MaybeUninit::uninit() }; HEAD_PART];
        let room = HEAD_PART.min(buffer.remaining());
        let mut part = ReadBuf::uninit(&mut space[..room]);
        ready!(Pin::new(self.io.inner_mut()).poll_read(cx, &mut part))?;
        self.heads.begin();
        if let Some(plain) = self.heads.look(part.filled()) {
            self.pace.is_ambiguous_after(plain);
        }
        self.pace.read();
        buffer.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl Read for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.pace.is_serving() {
            return Pin::new(&mut self.io).poll_read(cx, buffer);
        }
        self.poll_read_head(cx, buffer)
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
