//! The run of one WebSocket after its handshake.

use bytes::Bytes;
use tokio::time::{Instant, sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::request::Request;
use crate::response::upgrade::UpgradeIo;
use crate::task::catch_panic::catch_panic;

use super::async_socket::{AsyncSocket, SocketCaller};
use super::socket::{CLOSE_TIMEOUT, Socket};

/// Runs the hook, then closes the WebSocket.
pub(super) async fn converse<S: AsyncSocket>(
    service: &S,
    request: Request<SocketCaller<S>>,
    protocol: Option<&'static str>,
    io: Box<dyn UpgradeIo>,
    read: Bytes,
) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(S::MAX_MESSAGE_SIZE))
        .max_frame_size(Some(S::MAX_MESSAGE_SIZE))
        // Small buffers: most messages are small, and most sockets are idle.
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0);
    let stream = WebSocketStream::from_partially_read(io, read.into(), Role::Server, Some(config));
    let shutdown = request.settings().shutdown.clone();
    let started = Instant::now();
    let mut socket = Socket::new(
        stream.await,
        protocol,
        shutdown.clone(),
        S::PING_INTERVAL,
        S::PONG_TIMEOUT,
    );
    let result = tokio::select! {
        result = catch_panic(service.serve(&request, &mut socket)) => result,
        () = async {
            shutdown.cancelled().await;
            sleep(CLOSE_TIMEOUT).await;
        } => Ok(()),
    };
    let (code, reason) = match &result {
        Ok(()) if shutdown.is_cancelled() => (CloseCode::Away, "The server stops."),
        Ok(()) => (CloseCode::Normal, ""),
        Err(error) if error.status().is_server_error() => {
            tracing::error!(error = error.to_string(), "WebSocket hook failed");
            (CloseCode::Error, "")
        }
        Err(error) => (CloseCode::Policy, error.detail().unwrap_or_default()),
    };
    let code = socket.failure().unwrap_or(code);
    tracing::info!(
        code = u16::from(code),
        seconds = started.elapsed().as_secs(),
        "WebSocket closed"
    );
    socket.close(code, reason).await;
}
