//! [`Connection`]: an accepted connection, its TLS handshake and the detection of its protocol.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio_util::task::TaskTracker;

use crate::proto::connection_info::ConnectionInfo;

use super::config::ServerConfig;
use super::connection_state::ConnectionState;
use super::io::{Protocol, Stream};
#[cfg(feature = "tls")]
use super::tls::Tls;

pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) info: ConnectionInfo,
    pub(super) config: Arc<ServerConfig>,
    /// The tasks of HTTP/2 streams, which outlive their connection.
    pub(super) streams: TaskTracker,
    /// The unsent bytes of HTTP/2 responses, of all connections.
    pub(super) unsent: Arc<AtomicUsize>,
    pub(super) state: Arc<ConnectionState>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Tls>,
}

impl Connection {
    /// Moves the connection out of its box and frees the box.
    ///
    /// A destructured box would stay allocated as long as the connection.
    #[expect(clippy::boxed_local, reason = "it frees the box")]
    pub(super) fn unboxed(self: Box<Self>) -> Self {
        *self
    }

    /// Performs the TLS handshake, if the listener requires one, and detects the protocol.
    pub(super) async fn start(mut self: Box<Self>) -> io::Result<(Box<Self>, Protocol)> {
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls.take() {
            let (stream, protocol) = self.stream.encrypt(tls).await?;
            let info = ConnectionInfo {
                is_encrypted: true,
                ..self.info
            };
            let connection = Self {
                stream,
                info,
                ..*self
            };
            return Ok((Box::new(connection), protocol));
        }
        let protocol = self.stream.detect_protocol().await?;
        Ok((self, protocol))
    }
}
