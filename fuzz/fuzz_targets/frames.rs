//! HTTP/2 frames: a flood ends at the same frame for any split into reads.
#![no_main]

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use hyper::rt::{Read as _, ReadBuf};
use libfuzzer_sys::fuzz_target;

use self::http2_flood::Counted;
use self::io::Stream;

#[path = "../../crates/resourceful/src/server/http2_flood.rs"]
#[allow(dead_code)]
mod http2_flood;

/// Stands in for the module of the server.
mod limits {
    pub(crate) const LINGER_TIMEOUT: std::time::Duration = std::time::Duration::ZERO;
}

mod endpoint {
    /// Stands in for the module of the library.
    pub(crate) mod telemetry {
        pub(crate) fn refused(_: &'static str) {}
    }
}

/// A connection that returns `step` bytes with each read.
mod io {
    use std::io;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

    #[derive(Debug)]
    pub(crate) struct Stream {
        pub(crate) bytes: Vec<u8>,
        pub(crate) at: usize,
        pub(crate) step: usize,
    }

    impl AsyncRead for Stream {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let left = self.bytes.len() - self.at;
            let end = self.at + left.min(self.step).min(buffer.remaining());
            buffer.put_slice(&self.bytes[self.at..end]);
            self.at = end;
            Poll::Ready(Ok(()))
        }
    }

    impl AsyncWrite for Stream {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }
}

/// The limit in `http2_flood`.
const LIMIT: u32 = 10_000;
const PREFACE: usize = 24;

/// Bytes that replace the first frame over the limit: a `RST_STREAM` without content.
const FAULT: [u8; 9] = [0, 0, 0, 3, 0, 0, 0, 0, 0];

/// Maximum number of frames; enough for any flood.
const MAX_FRAMES: usize = 11_000;

fuzz_target!(|input: &[u8]| {
    let Some((&[mode, step, room], rest)) = input.split_first_chunk() else {
        return;
    };
    // The input itself, or frames that are described by five bytes each.
    let bytes = if mode % 2 == 0 {
        rest.to_vec()
    } else {
        frames(rest)
    };
    let mut expected = bytes.clone();
    if let Some(end) = flood_at(&bytes) {
        expected.truncate(end);
        expected.extend(FAULT);
    }
    // Reads must not be so small that a flood takes long.
    let least = 1 + bytes.len() / 4096;
    let (step, room) = (least + usize::from(step), least + usize::from(room));
    for (step, room) in [(usize::MAX, 1 << 20), (step, 1 << 14), (step * 97, room)] {
        assert!(read(bytes.clone(), step, room) == expected, "{step} {room}");
    }
});

/// The preface, then frames. Five bytes describe type, flags, length and number.
fn frames(input: &[u8]) -> Vec<u8> {
    let mut bytes = vec![b'x'; PREFACE];
    let mut count = 0;
    for &[kind, flags, length, high, low] in input.as_chunks().0 {
        let times = usize::from(u16::from_be_bytes([high, low])).min(MAX_FRAMES - count);
        count += times;
        let mut frame = vec![0, 0, length, kind, flags, 0, 0, 0, 0];
        frame.resize(9 + usize::from(length), kind);
        bytes.extend(frame.repeat(times));
    }
    bytes
}

/// Position of the first frame over the limit.
fn flood_at(bytes: &[u8]) -> Option<usize> {
    let mut at = PREFACE;
    let mut counted = 0;
    while at < bytes.len() {
        if counted == LIMIT {
            return Some(at);
        }
        let &[a, b, c, kind, flags, ..] = bytes.get(at..at + 9)? else {
            unreachable!("nine bytes")
        };
        let is_expected = matches!(kind, 0 | 1 | 3 | 5 | 7 | 8 | 9);
        let is_acknowledgement = matches!(kind, 4 | 6) && flags & 1 == 1;
        counted += u32::from(!is_expected && !is_acknowledgement);
        at += 9 + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
    }
    None
}

/// Reads the connection to its end.
fn read(bytes: Vec<u8>, step: usize, room: usize) -> Vec<u8> {
    let mut counted = Counted::new(Stream { bytes, at: 0, step });
    let mut space = vec![0; room];
    let mut all = Vec::new();
    loop {
        let mut buffer = ReadBuf::new(&mut space);
        let mut cx = Context::from_waker(Waker::noop());
        let polled = Pin::new(&mut counted).poll_read(&mut cx, buffer.unfilled());
        assert!(matches!(polled, Poll::Ready(Ok(()))));
        if buffer.filled().is_empty() {
            return all;
        }
        all.extend_from_slice(buffer.filled());
    }
}
