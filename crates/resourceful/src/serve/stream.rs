//! The bytes of a connection, whatever carries them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// What an HTTP/2 connection begins with (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2";

/// A connection, with the bytes of it that were read to find out its protocol.
#[derive(Debug)]
pub(super) struct Stream {
    carrier: Carrier,
    seen: Vec<u8>,
}

#[derive(Debug)]
enum Carrier {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    /// Does it begin as HTTP/2? What was read is read again by who reads on.
    pub(super) async fn begins_as_http2(&mut self) -> io::Result<bool> {
        let mut first = [0; 1024];
        let mut len = 0;
        loop {
            let count = self.carrier.read(&mut first[len..]).await?;
            len += count;
            let begin = &first[..len.min(PREFACE.len())];
            if count == 0 || begin.len() == PREFACE.len() || !PREFACE.starts_with(begin) {
                self.seen = first[..len].to_vec();
                return Ok(begin == PREFACE);
            }
        }
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        // Small answers leave at once; without this Nagle and delayed acknowledgements wait
        // for each other.
        let _ = stream.set_nodelay(true);
        Self {
            carrier: Carrier::Tcp(stream),
            seen: Vec::new(),
        }
    }
}

#[cfg(unix)]
impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self {
            carrier: Carrier::Unix(stream),
            seen: Vec::new(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.seen.is_empty() {
            return Pin::new(&mut self.carrier).poll_read(cx, buffer);
        }
        let count = self.seen.len().min(buffer.remaining());
        buffer.put_slice(&self.seen[..count]);
        self.seen.drain(..count);
        if self.seen.is_empty() {
            // Most connections live long; what they began with does not.
            self.seen = Vec::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.carrier).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.carrier).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.carrier).poll_shutdown(cx)
    }
}

/// Each kind of carrier does what it is asked; nothing is decided here.
macro_rules! carried {
    ($self:ident, $carrier:ident => $call:expr) => {
        match $self.get_mut() {
            Carrier::Tcp($carrier) => $call,
            #[cfg(unix)]
            Carrier::Unix($carrier) => $call,
        }
    };
}

impl AsyncRead for Carrier {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        carried!(self, carrier => Pin::new(carrier).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Carrier {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        carried!(self, carrier => Pin::new(carrier).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        carried!(self, carrier => Pin::new(carrier).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        carried!(self, carrier => Pin::new(carrier).poll_shutdown(cx))
    }
}
