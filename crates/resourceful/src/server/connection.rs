//! A connection that was accepted, and which protocol it begins with.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio_util::task::TaskTracker;

use crate::proto::connection_info::ConnectionInfo;
#[cfg(feature = "tls")]
use crate::server::tls::Tls;
use crate::service::AppService;

use super::io::{Protocol, Stream};
use super::limits::Limits;
use super::watchdog::Pace;

pub(super) struct Connection {
    pub(super) stream: Stream,
    pub(super) origin: ConnectionInfo,
    pub(super) service: AppService,
    pub(super) limits: Arc<Limits>,
    /// The tasks of HTTP/2 streams, which outlive their connection.
    pub(super) streams: TaskTracker,
    /// Bytes of HTTP/2 answers that are not sent yet, of all connections.
    pub(super) unsent: Arc<AtomicUsize>,
    /// What the clock looks at.
    pub(super) pace: Arc<Pace>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Tls>,
}

impl Connection {
    /// Out of its box, which is gone then: taken apart where it is, it would stay as long as this.
    #[expect(clippy::boxed_local, reason = "that is what it is for")]
    pub(super) fn unboxed(self: Box<Self>) -> Self {
        *self
    }

    /// Shakes hands, where TLS is spoken, and finds out what comes.
    pub(super) async fn begin(mut self: Box<Self>) -> io::Result<(Box<Self>, Protocol)> {
        #[cfg(feature = "tls")]
        if let Some(tls) = self.tls.take() {
            let (stream, protocol) = self.stream.encrypt(tls).await?;
            let is_encrypted = true;
            let origin = ConnectionInfo {
                is_encrypted,
                client: None,
                ..self.origin
            };
            let connection = Self {
                stream,
                origin,
                ..*self
            };
            return Ok((Box::new(connection), protocol));
        }
        let protocol = self.stream.begin().await?;
        Ok((self, protocol))
    }
}
