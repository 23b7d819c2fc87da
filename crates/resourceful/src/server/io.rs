//! The byte stream of a connection over TCP, a Unix socket or TLS, and its protocol.

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

use crate::response::upgrade::UpgradeIo;

#[cfg(feature = "tls")]
use super::config::LINGER_TIMEOUT;
#[cfg(feature = "tls")]
use super::tls::Tls;

/// The start of an HTTP/2 connection (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The start of a TLS handshake (RFC 8446 section 5.1).
#[cfg(feature = "tls")]
const TLS_HANDSHAKE: [u8; 1] = [22];

/// The response to plain HTTP on a TLS port.
#[cfg(feature = "tls")]
const NOT_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
    content-type: application/problem+json\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\
    \"detail\":\"TLS is spoken here: ask with https.\"}";

/// The size of hyper's first read: a request in one segment, its body included, is one read.
const FIRST_READ: usize = 8 * 1024;

/// A connection, with the bytes that were read to detect its protocol.
#[derive(Debug)]
pub(super) struct Stream {
    transport: Transport,
    prefix: Vec<u8>,
    /// Is a drop to reset the connection? A write that waits for the client to read sets it.
    resets_on_drop: bool,
}

/// A client that does not read is reset, not closed: the system would keep what is unsent for
/// minutes, and a client that only sends would not learn that nobody reads.
impl Drop for Stream {
    fn drop(&mut self) {
        if self.resets_on_drop
            && let Transport::Tcp(stream) = &self.transport
        {
            let _ = stream.set_zero_linger();
        }
    }
}

#[derive(Debug)]
enum Transport {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    #[cfg(feature = "tls")]
    Tls(Box<tokio_rustls::server::TlsStream<Stream>>),
}

impl Stream {
    /// Detects the protocol by the first bytes, which are read again by the caller.
    pub(super) async fn detect_protocol(&mut self) -> io::Result<Protocol> {
        let mut first = Vec::with_capacity(FIRST_READ);
        loop {
            let count = self.transport.read_buf(&mut first).await?;
            let start = &first[..first.len().min(PREFACE.len())];
            if count == 0 || start.len() == PREFACE.len() || !PREFACE.starts_with(start) {
                let protocol = Protocol::new(start == PREFACE);
                self.prefix = first;
                return Ok(protocol);
            }
        }
    }

    /// Performs the TLS handshake; ALPN decides the protocol (RFC 9113 section 3.3).
    #[cfg(feature = "tls")]
    pub(super) async fn encrypt(mut self, tls: Tls) -> io::Result<(Self, Protocol)> {
        let mut first = [0];
        let count = self.transport.read(&mut first).await?;
        if count > 0 && first != TLS_HANDSHAKE {
            self.transport.write_all(NOT_TLS).await?;
            self.transport.shutdown().await?;
            // A connection that is closed with unread bytes is reset, and the response is lost.
            let mut sink = tokio::io::sink();
            let rest = tokio::io::copy(&mut self.transport, &mut sink);
            let _ = tokio::time::timeout(LINGER_TIMEOUT, rest).await;
            return Err(io::Error::other("this is not TLS"));
        }
        self.prefix = first[..count].to_vec();
        let stream = TlsAcceptor::from(tls.config).accept(self).await?;
        let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        let mut stream = Self {
            transport: Transport::Tls(Box::new(stream)),
            prefix: Vec::new(),
            resets_on_drop: false,
        };
        // The caller's timeout has to include the first bytes: h2 waits for its preface without
        // one.
        stream.detect_protocol().await?;
        Ok((stream, Protocol::new(is_http2)))
    }
}

/// The protocol of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    fn new(is_http2: bool) -> Self {
        if is_http2 { Self::Http2 } else { Self::Http1 }
    }
}

impl From<TcpStream> for Stream {
    fn from(stream: TcpStream) -> Self {
        // Sends small responses at once; otherwise Nagle's algorithm and delayed acknowledgements
        // wait for each other.
        let _ = stream.set_nodelay(true);
        Self {
            transport: Transport::Tcp(stream),
            prefix: Vec::new(),
            resets_on_drop: false,
        }
    }
}

#[cfg(unix)]
impl From<UnixStream> for Stream {
    fn from(stream: UnixStream) -> Self {
        Self {
            transport: Transport::Unix(stream),
            prefix: Vec::new(),
            resets_on_drop: false,
        }
    }
}

impl UpgradeIo for Stream {
    #[cfg(feature = "websocket")]
    fn reset_on_drop(&mut self) {
        self.resets_on_drop = true;
        #[cfg(feature = "tls")]
        if let Transport::Tls(stream) = &mut self.transport {
            stream.get_mut().0.reset_on_drop();
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.prefix.is_empty() {
            return Pin::new(&mut self.transport).poll_read(cx, buffer);
        }
        let count = self.prefix.len().min(buffer.remaining());
        buffer.put_slice(&self.prefix[..count]);
        self.prefix.drain(..count);
        if self.prefix.is_empty() {
            // Frees the memory: most connections live long.
            self.prefix = Vec::new();
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
        let result = Pin::new(&mut self.transport).poll_write(cx, bytes);
        self.resets_on_drop = result.is_pending();
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}

/// Delegates a call to the transport.
macro_rules! delegate {
    ($self:ident, $transport:ident => $call:expr) => {
        match $self.get_mut() {
            Transport::Tcp($transport) => $call,
            #[cfg(unix)]
            Transport::Unix($transport) => $call,
            #[cfg(feature = "tls")]
            Transport::Tls($transport) => $call,
        }
    };
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        delegate!(self, transport => Pin::new(transport).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, transport => Pin::new(transport).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, transport => Pin::new(transport).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, transport => Pin::new(transport).poll_shutdown(cx))
    }
}
