//! The bytes of a connection, whatever carries them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

#[cfg(feature = "tls")]
use tokio::io::AsyncWriteExt as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
#[cfg(feature = "tls")]
use tokio_rustls::TlsAcceptor;

#[cfg(feature = "tls")]
use crate::server::tls::Tls;

#[cfg(feature = "tls")]
use super::limits::LINGER_TIMEOUT;

/// What an HTTP/2 connection begins with (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a handshake begins with (RFC 8446 section 5.1).
#[cfg(feature = "tls")]
const TLS_HANDSHAKE: [u8; 1] = [22];

/// What who speaks plain HTTP where TLS is spoken reads.
#[cfg(feature = "tls")]
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
    content-type: application/problem+json\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\
    \"detail\":\"TLS is spoken here: ask with https.\"}";

/// As much as hyper reads at first: a request that comes in one segment is one read, its body too.
const FIRST_READ: usize = 8 * 1024;

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
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::server::TlsStream<Stream>>),
}

impl Stream {
    /// Which protocol does it begin with? What was read is read again by who reads on.
    pub(super) async fn begin(&mut self) -> io::Result<Protocol> {
        let mut first = Vec::with_capacity(FIRST_READ);
        loop {
            let count = self.carrier.read_buf(&mut first).await?;
            let begin = &first[..first.len().min(PREFACE.len())];
            if count == 0 || begin.len() == PREFACE.len() || !PREFACE.starts_with(begin) {
                let protocol = Protocol::of(begin == PREFACE);
                self.seen = first;
                return Ok(protocol);
            }
        }
    }

    /// Shakes hands; ALPN says which protocol comes (RFC 9113 section 3.3).
    #[cfg(feature = "tls")]
    pub(super) async fn encrypt(mut self, tls: Tls) -> io::Result<(Self, Protocol)> {
        let mut first = [0];
        let count = self.carrier.read(&mut first).await?;
        if count > 0 && first != TLS_HANDSHAKE {
            self.carrier.write_all(NOT_TLS).await?;
            self.carrier.shutdown().await?;
            // Closed over what is still coming, the answer would be lost.
            let mut sink = tokio::io::sink();
            let rest = tokio::io::copy(&mut self.carrier, &mut sink);
            let _ = tokio::time::timeout(LINGER_TIMEOUT, rest).await;
            return Err(io::Error::other("this is not TLS"));
        }
        self.seen = first[..count].to_vec();
        let stream = TlsAcceptor::from(tls.config).accept(self).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let carrier = Carrier::Tls(Box::new(stream));
        let seen = Vec::new();
        let mut stream = Self { carrier, seen };
        // The first bytes have their time here, too, and h2 waits for its preface for ever.
        stream.begin().await?;
        Ok((stream, Protocol::of(is_http2)))
    }
}

/// What a connection speaks.
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    fn of(is_http2: bool) -> Self {
        if is_http2 { Self::Http2 } else { Self::Http1 }
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
            #[cfg(feature = "tls")]
            Carrier::Tls($carrier) => $call,
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
