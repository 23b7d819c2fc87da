//! [`Socket`]: typed messages from and to one client.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::response::upgrade::UpgradeIo;

use super::message::{IncomingMessage, Message, OutgoingMessage};

/// Time limit of a hook after the shutdown has begun, and of the closing handshake.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// The connection to a client that sends `I` and receives `O`.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{Message, Socket};
///
/// async fn echo(socket: &mut Socket<Message, Message>) -> Result<()> {
///     while let Some(message) = socket.receive().await? {
///         socket.send(&message).await?;
///     }
///     Ok(())
/// }
/// ```
pub struct Socket<I, O> {
    stream: WebSocketStream<Box<dyn UpgradeIo>>,
    protocol: Option<&'static str>,
    shutdown: CancellationToken,
    /// The time of the next ping, or the end of the timeout for a pong.
    timer: Pin<Box<Sleep>>,
    is_pinged: bool,
    ping_interval: Duration,
    pong_timeout: Duration,
    /// The time by which the client must have read all that was written; `None` if it has.
    write_deadline: Option<Instant>,
    /// The close code of a failed connection.
    failure: Option<CloseCode>,
    types: PhantomData<fn(I) -> O>,
}

impl<I: IncomingMessage, O: OutgoingMessage> Socket<I, O> {
    /// Receives the next message; `None` after the client has closed or disconnected, and when the
    /// server shuts down.
    ///
    /// This is cancel safe: a dropped future loses no message, so it can stand in a `select!`.
    ///
    /// # Errors
    /// 400 or 422, with every wrong field, if the message does not fit its type: the hook can go on
    /// with the next one. 400 if the message is too large or breaks the protocol: the next call
    /// returns `None`.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful::{Message, Socket};
    /// async fn one(socket: &mut Socket<Message, Message>) -> Result<()> {
    ///     let first = socket.receive().await?;
    ///     println!("{first:?}");
    ///     Ok(())
    /// }
    /// ```
    pub async fn receive(&mut self) -> Result<Option<I>> {
        if self.is_pinged && self.timer.is_elapsed() {
            // The pong may have arrived while the hook did something else.
            self.timer.set(sleep(self.pong_timeout));
        }
        loop {
            // Read on only after the client has taken the last pong: a client that sends pings and
            // never reads would fill the memory with pongs.
            if let Err(error) = self.flush().await {
                tracing::debug!(error = error.to_string(), "the WebSocket failed");
                return Ok(None);
            }
            let message = tokio::select! {
                // A message that has arrived comes before a timeout.
                biased;
                () = self.shutdown.cancelled() => return Ok(None),
                message = self.stream.next() => Some(message),
                // Unconstrained: a flood of empty fragments uses up the task's budget each time.
                () = unconstrained(&mut self.timer) => None,
            };
            let message = match message {
                Some(Some(Ok(tungstenite::Message::Ping(_)))) => {
                    // tungstenite has queued the pong. A client that pings may still not read, so it
                    // is pinged too.
                    self.begin_write();
                    if Instant::now() < self.timer.deadline() {
                        continue;
                    }
                    None
                }
                Some(Some(Ok(message))) => Some(message),
                Some(Some(Err(error))) => return self.broken(error),
                Some(None) => return Ok(None),
                None => None,
            };
            let Some(message) = message else {
                if self.is_pinged {
                    tracing::debug!("the client sent no pong in time");
                    return Ok(None);
                }
                self.is_pinged = true;
                self.timer.set(sleep(self.pong_timeout));
                if let Err(error) = self.feed(tungstenite::Message::Ping(Bytes::new())).await {
                    tracing::debug!(error = error.to_string(), "the ping cannot be sent");
                    return Ok(None);
                }
                continue;
            };
            self.is_pinged = false;
            self.timer.set(sleep(self.ping_interval));
            let message = match message {
                tungstenite::Message::Text(text) => Message::Text(text.as_str().to_owned()),
                tungstenite::Message::Binary(bytes) => Message::Binary(bytes),
                tungstenite::Message::Close(_) => {
                    // tungstenite has queued the closing frame.
                    self.begin_write();
                    continue;
                }
                _ => continue,
            };
            return I::from_message(message).map(Some);
        }
    }

    /// Sends a message after the client has taken those before it.
    ///
    /// # Errors
    /// If the client has disconnected, or has not read within
    /// [`PONG_TIMEOUT`](crate::AsyncSocket::PONG_TIMEOUT).
    ///
    /// # Examples
    /// ```
    /// # use resourceful::prelude::*;
    /// # use resourceful::{Message, Socket};
    /// async fn greet(socket: &mut Socket<Message, Message>) -> Result<()> {
    ///     socket.send(&Message::from("hello")).await
    /// }
    /// ```
    pub async fn send(&mut self, message: &O) -> Result<()> {
        // A `send` that was cancelled may have left bytes.
        self.flush().await?;
        self.feed(message.to_message()?.into()).await?;
        self.flush().await
    }

    /// The negotiated subprotocol.
    #[must_use]
    pub fn protocol(&self) -> Option<&'static str> {
        self.protocol
    }
}

impl<I, O> Socket<I, O> {
    pub(super) fn new(
        stream: WebSocketStream<Box<dyn UpgradeIo>>,
        protocol: Option<&'static str>,
        shutdown: CancellationToken,
        ping_interval: Duration,
        pong_timeout: Duration,
    ) -> Self {
        Self {
            stream,
            protocol,
            shutdown,
            timer: Box::pin(sleep(ping_interval)),
            is_pinged: false,
            ping_interval,
            pong_timeout,
            write_deadline: None,
            failure: None,
            types: PhantomData,
        }
    }

    pub(super) fn failure(&self) -> Option<CloseCode> {
        self.failure
    }

    /// Starts the time limit of [`flush`](Self::flush).
    fn begin_write(&mut self) {
        let now = Instant::now();
        let deadline = now.checked_add(self.pong_timeout);
        // `Duration::MAX` overflows: a year is as good.
        self.write_deadline = Some(deadline.unwrap_or(now + Duration::from_secs(365 * 24 * 3600)));
    }

    async fn feed(&mut self, message: tungstenite::Message) -> Result<()> {
        self.begin_write();
        self.stream.feed(message).await.map_err(disconnected)
    }

    /// Waits until the client has taken all that was written. Neither a second call nor a message
    /// from the client restarts the time limit.
    async fn flush(&mut self) -> Result<()> {
        let Some(deadline) = self.write_deadline else {
            return Ok(());
        };
        match timeout_at(deadline, self.stream.flush()).await {
            Ok(Ok(())) => {
                self.write_deadline = None;
                Ok(())
            }
            Ok(Err(error)) => Err(disconnected(error)),
            Err(_elapsed) => Err(disconnected("the client does not read")),
        }
    }

    fn broken<T>(&mut self, error: tungstenite::Error) -> Result<Option<T>> {
        use tungstenite::Error as E;
        self.failure = match &error {
            E::ConnectionClosed
            | E::AlreadyClosed
            | E::Io(_)
            | E::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return Ok(None),
            E::Capacity(_) => Some(CloseCode::Size),
            E::Utf8(_) => Some(CloseCode::Invalid),
            _ => Some(CloseCode::Protocol),
        };
        Err(Error::bad_request("The WebSocket failed.").with_source(error))
    }

    /// The closing handshake (RFC 6455 section 7.1.1).
    pub(super) async fn close(mut self, code: CloseCode, reason: &str) {
        let now = Instant::now();
        if self.write_deadline.is_some_and(|deadline| deadline <= now) {
            // A stalled client will not read a closing frame.
            return;
        }
        // A control frame has 125 bytes, two of them for the code.
        let mut ends = (0..=reason.len().min(123)).rev();
        let end = ends.find(|end| reason.is_char_boundary(*end));
        let reason = &reason[..end.unwrap_or_default()];
        let frame = CloseFrame {
            code,
            reason: reason.into(),
        };
        let handshake = timeout(CLOSE_TIMEOUT, async {
            let _ = self.stream.close(Some(frame)).await;
            while let Some(Ok(_)) = self.stream.next().await {}
            // Closing a socket with unread bytes resets it, and the client would lose our frame.
            let io = self.stream.get_mut();
            let _ = io.shutdown().await;
            let _ = tokio::io::copy(io, &mut tokio::io::sink()).await;
        });
        if handshake.await.is_err() && self.is_pinged {
            // The client has answered neither the ping nor the closing frame.
            self.stream.get_mut().reset_on_drop();
        }
    }
}

impl<I, O> fmt::Debug for Socket<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// A disconnected client; 400 keeps it out of the error log.
fn disconnected(error: impl Into<crate::error::BoxError>) -> Error {
    Error::bad_request("The client has disconnected.").with_source(error)
}
