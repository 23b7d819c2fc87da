//! Frames of HTTP/2 that cost us work and their sender nothing.
//!
//! h2 bounds resets, CONTINUATION and small DATA frames; it answers any number of PING and
//! SETTINGS frames, and reads over PRIORITY and unknown ones (CVE-2019-9512, CVE-2019-9515). They
//! are counted here as they are read.

use std::future::Future as _;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep};

use crate::endpoint::telemetry::refused;

use super::io::Stream;
use super::limits::LINGER_TIMEOUT;

/// So many such frames within so much time are a flood. Clients that measure a fast line by pings
/// (gRPC) send hundreds a second.
const LIMIT: u32 = 10_000;
const WINDOW: Duration = Duration::from_secs(10);

const READ_PART: usize = 8192;

/// The client's preface (RFC 9113 section 3.4).
const PREFACE_LENGTH: u32 = 24;
const HEADER_LENGTH: usize = 9;

/// A `RST_STREAM` frame without content, which h2 answers with GOAWAY (RFC 9113 section 6.4): from
/// outside it cannot be told to send one.
const FAULT: [u8; HEADER_LENGTH] = [0, 0, 0, 3, 0, 0, 0, 0, 0];

/// Follows the frames of one connection.
#[derive(Debug)]
struct Frames {
    header: [u8; HEADER_LENGTH],
    header_len: usize,
    /// What is left of the frame's content.
    content: u32,
    counted: u32,
    since: Instant,
}

impl Frames {
    fn new() -> Self {
        Self {
            header: [0; HEADER_LENGTH],
            header_len: 0,
            content: PREFACE_LENGTH,
            counted: 0,
            since: Instant::now(),
        }
    }

    /// Looks at what was read; where a frame begins that is one too many.
    fn look(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            if self.content > 0 {
                let passed = (bytes.len() - at).min(self.content as usize);
                at += passed;
                self.content -= u32::try_from(passed).unwrap_or(self.content);
                continue;
            }
            // Only a frame that begins in this read can be replaced by another.
            if self.header_len == 0 && self.is_flood() {
                return Some(at);
            }
            self.header[self.header_len] = bytes[at];
            self.header_len += 1;
            at += 1;
            if self.header_len == HEADER_LENGTH {
                self.header_len = 0;
                let [a, b, c, kind, flags, ..] = self.header;
                self.content = u32::from_be_bytes([0, a, b, c]);
                self.counted += u32::from(is_free_to_send(kind, flags));
            }
        }
        None
    }

    fn is_flood(&mut self) -> bool {
        if self.counted < LIMIT {
            return false;
        }
        let is_flood = self.since.elapsed() < WINDOW;
        self.counted = 0;
        self.since = Instant::now();
        is_flood
    }
}

/// PRIORITY, unknown frames, and SETTINGS and PING that are no acknowledgements.
fn is_free_to_send(kind: u8, flags: u8) -> bool {
    match kind {
        2 | 10.. => true,
        4 | 6 => flags & 1 == 0,
        _ => false,
    }
}

/// An HTTP/2 connection as hyper sees it.
#[derive(Debug)]
pub(super) struct Counted {
    io: TokioIo<Stream>,
    frames: Frames,
    /// What is still to be read after a flood: a fault, then the end.
    end: Option<&'static [u8]>,
    linger: Option<Pin<Box<Sleep>>>,
}

impl Counted {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            io: TokioIo::new(stream),
            frames: Frames::new(),
            end: None,
            linger: None,
        }
    }
}

impl Counted {
    fn read_end(&mut self, buffer: &mut ReadBufCursor<'_>) {
        let end = self.end.unwrap_or_default();
        let (now, later) = end.split_at(end.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.end = Some(later);
    }
}

impl Read for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.end.is_some() {
            self.read_end(&mut buffer);
            return Poll::Ready(Ok(()));
        }
        let mut space = [const { MaybeUninit::uninit() }; READ_PART];
        let room = space.len().min(buffer.remaining());
        let mut part = ReadBuf::uninit(&mut space[..room]);
        ready!(Pin::new(self.io.inner_mut()).poll_read(cx, &mut part))?;
        match self.frames.look(part.filled()) {
            None => buffer.put_slice(part.filled()),
            Some(end) => {
                tracing::debug!("a flood of control frames");
                refused("flood");
                buffer.put_slice(&part.filled()[..end]);
                self.end = Some(&FAULT);
                self.read_end(&mut buffer);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// After a flood, what is still coming is read away for some time: closed over unread bytes,
    /// a connection is reset, and the GOAWAY lost.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
        if this.end.is_none() {
            return Poll::Ready(Ok(()));
        }
        let linger = this
            .linger
            .get_or_insert_with(|| Box::pin(sleep(LINGER_TIMEOUT)));
        if linger.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut space = [const { MaybeUninit::uninit() }; READ_PART];
        loop {
            let mut part = ReadBuf::uninit(&mut space);
            ready!(Pin::new(this.io.inner_mut()).poll_read(cx, &mut part))?;
            if part.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 0];
        frame.extend(vec![0xff; usize::from(length)]);
        frame
    }

    fn flood_at(frame: &[u8]) -> Option<usize> {
        let mut frames = Frames::new();
        let mut bytes = vec![b'x'; PREFACE_LENGTH as usize];
        bytes.extend(frame.repeat(LIMIT as usize + 1));
        // However it is cut into reads.
        let mut passed = 0;
        for part in bytes.chunks(8191) {
            if let Some(at) = frames.look(part) {
                return Some(passed + at);
            }
            passed += part.len();
        }
        None
    }

    #[test]
    fn pings_without_end_are_a_flood() {
        let at = flood_at(&frame(6, 0, 8)).unwrap();
        assert_eq!((at - PREFACE_LENGTH as usize) % 17, 0);
        assert!(flood_at(&frame(4, 0, 0)).is_some());
        assert!(flood_at(&frame(2, 0, 5)).is_some());
        assert!(flood_at(&frame(99, 0, 200)).is_some());
    }

    #[test]
    fn what_is_asked_for_is_none() {
        assert_eq!(flood_at(&frame(6, 1, 8)), None);
        assert_eq!(flood_at(&frame(4, 1, 0)), None);
        assert_eq!(flood_at(&frame(0, 0, 100)), None);
    }
}
