//! [`FileBody`]: reads the ranges of a file while the client takes them.

use std::collections::VecDeque;
use std::fs::File;
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::BoxError;

/// Bytes of a read from disk. One response keeps no more of a file in memory, besides what the server
/// sends.
const CHUNK: usize = 64 * 1024;

/// A piece of a body.
#[derive(Debug)]
pub(super) enum Piece {
    Bytes(Bytes),
    /// A range of the file.
    File(Range<u64>),
}

impl Piece {
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(range) => range.end - range.start,
        }
    }
}

/// A body of pieces, whose length is known. It fails if the file becomes shorter.
#[derive(Debug)]
pub(super) struct FileBody {
    file: Arc<File>,
    pieces: VecDeque<Piece>,
    left: u64,
    read: Option<JoinHandle<io::Result<Bytes>>>,
}

impl FileBody {
    pub(super) fn new(file: File, pieces: impl IntoIterator<Item = Piece>) -> Self {
        let pieces: VecDeque<_> = pieces.into_iter().collect();
        Self {
            file: Arc::new(file),
            left: pieces.iter().map(Piece::len).sum(),
            pieces,
            read: None,
        }
    }

    /// The next bytes, or `None` after the last piece.
    fn poll_bytes(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        loop {
            if let Some(read) = &mut self.read {
                let result = ready!(Pin::new(read).poll(cx));
                self.read = None;
                return Poll::Ready(Some(
                    result.unwrap_or_else(|error| Err(io::Error::other(error))),
                ));
            }
            match self.pieces.front_mut() {
                None => return Poll::Ready(None),
                Some(Piece::File(range)) if range.is_empty() => {}
                Some(Piece::File(range)) => {
                    let chunk = range.start..range.end.min(range.start + CHUNK as u64);
                    range.start = chunk.end;
                    let file = Arc::clone(&self.file);
                    self.read = Some(spawn_blocking(move || read(&file, chunk)));
                    continue;
                }
                Some(Piece::Bytes(bytes)) => {
                    let bytes = std::mem::take(bytes);
                    self.pieces.pop_front();
                    return Poll::Ready(Some(Ok(bytes)));
                }
            }
            self.pieces.pop_front();
        }
    }
}

/// Reads a range, and fails if the file ends inside it.
fn read(mut file: &File, range: Range<u64>) -> io::Result<Bytes> {
    file.seek(SeekFrom::Start(range.start))?;
    let length = range.end - range.start;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(CHUNK));
    file.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        let error = "a file became shorter while it was sent";
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, error));
    }
    Ok(bytes.into())
}

impl HttpBody for FileBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = match ready!(self.poll_bytes(cx)) {
            None => return Poll::Ready(None),
            Some(Ok(bytes)) => {
                self.left -= bytes.len() as u64;
                Ok(Frame::data(bytes))
            }
            Some(Err(error)) => {
                tracing::error!(error = error.to_string(), "a file could not be sent");
                self.pieces.clear();
                Err(error.into())
            }
        };
        Poll::Ready(Some(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
