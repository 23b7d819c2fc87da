//! Closes an HTTP/2 connection that floods the server with control frames.
//!
//! h2 limits resets, CONTINUATION and small DATA frames. It replies to any number of PING and
//! SETTINGS frames, and skips PRIORITY and unknown ones (CVE-2019-9512, CVE-2019-9515). These
//! frames are counted here as they are read.

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

use crate::metrics::refused;

use super::config::LINGER_TIMEOUT;
use super::io::Stream;

/// This many counted frames within the window are a flood. Clients that measure a fast line by
/// pings (gRPC) send hundreds per second.
const LIMIT: u32 = 10_000;
const WINDOW: Duration = Duration::from_secs(10);

const READ_CHUNK: usize = 8192;

/// The client's preface (RFC 9113 section 3.4).
const PREFACE_LENGTH: u32 = 24;
const HEADER_LENGTH: usize = 9;

/// A `RST_STREAM` frame without content, to which h2 responds with GOAWAY (RFC 9113 section 6.4).
/// h2 has no call that sends one.
const MALFORMED_FRAME: [u8; HEADER_LENGTH] = [0, 0, 0, 3, 0, 0, 0, 0, 0];

/// Counts the frames of one connection.
#[derive(Debug)]
struct FrameCounter {
    header: [u8; HEADER_LENGTH],
    header_len: usize,
    /// The number of bytes that are left of the frame's content.
    content: u32,
    counted: u32,
    since: Instant,
}

impl FrameCounter {
    fn new() -> Self {
        Self {
            header: [0; HEADER_LENGTH],
            header_len: 0,
            content: PREFACE_LENGTH,
            counted: 0,
            since: Instant::now(),
        }
    }

    /// Returns the offset in `bytes` of the frame that exceeds the limit, if any.
    fn scan(&mut self, bytes: &[u8]) -> Option<usize> {
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
                self.counted += u32::from(is_counted(kind, flags));
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

/// PRIORITY and unknown frames, and SETTINGS and PING without ACK.
fn is_counted(kind: u8, flags: u8) -> bool {
    match kind {
        2 | 10.. => true,
        4 | 6 => flags & 1 == 0,
        _ => false,
    }
}

/// The socket of an HTTP/2 connection as hyper sees it.
#[derive(Debug)]
pub(super) struct FloodGuard {
    io: TokioIo<Stream>,
    counter: FrameCounter,
    /// After a flood, hyper reads these bytes instead: a malformed frame, then the end.
    end: Option<&'static [u8]>,
    linger: Option<Pin<Box<Sleep>>>,
}

impl FloodGuard {
    pub(super) fn new(stream: Stream) -> Self {
        Self {
            io: TokioIo::new(stream),
            counter: FrameCounter::new(),
            end: None,
            linger: None,
        }
    }

    fn read_end(&mut self, buffer: &mut ReadBufCursor<'_>) {
        let end = self.end.unwrap_or_default();
        let (now, later) = end.split_at(end.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.end = Some(later);
    }
}

impl Read for FloodGuard {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.end.is_some() {
            self.read_end(&mut buffer);
            return Poll::Ready(Ok(()));
        }
        let mut space = [const { MaybeUninit::uninit() }; READ_CHUNK];
        let room = space.len().min(buffer.remaining());
        let mut read = ReadBuf::uninit(&mut space[..room]);
        ready!(Pin::new(self.io.inner_mut()).poll_read(cx, &mut read))?;
        match self.counter.scan(read.filled()) {
            None => buffer.put_slice(read.filled()),
            Some(end) => {
                tracing::debug!("flood of HTTP/2 control frames");
                refused("flood");
                buffer.put_slice(&read.filled()[..end]);
                self.end = Some(&MALFORMED_FRAME);
                self.read_end(&mut buffer);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Write for FloodGuard {
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

    /// After a flood, further bytes are read and discarded for some time: a connection that is
    /// closed with unread bytes is reset, and the GOAWAY is lost.
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
        let mut space = [const { MaybeUninit::uninit() }; READ_CHUNK];
        loop {
            let mut read = ReadBuf::uninit(&mut space);
            ready!(Pin::new(this.io.inner_mut()).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
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
        let mut counter = FrameCounter::new();
        let mut bytes = vec![b'x'; PREFACE_LENGTH as usize];
        bytes.extend(frame.repeat(LIMIT as usize + 1));
        // The result does not depend on how the bytes are split into reads.
        let mut passed = 0;
        for part in bytes.chunks(8191) {
            if let Some(at) = counter.scan(part) {
                return Some(passed + at);
            }
            passed += part.len();
        }
        None
    }

    #[test]
    fn unsolicited_control_frames_are_a_flood() {
        let at = flood_at(&frame(6, 0, 8)).unwrap();
        assert_eq!((at - PREFACE_LENGTH as usize) % 17, 0);
        assert!(flood_at(&frame(4, 0, 0)).is_some());
        assert!(flood_at(&frame(2, 0, 5)).is_some());
        assert!(flood_at(&frame(99, 0, 200)).is_some());
    }

    #[test]
    fn acknowledgements_and_data_are_no_flood() {
        assert_eq!(flood_at(&frame(6, 1, 8)), None);
        assert_eq!(flood_at(&frame(4, 1, 0)), None);
        assert_eq!(flood_at(&frame(0, 0, 100)), None);
    }
}
