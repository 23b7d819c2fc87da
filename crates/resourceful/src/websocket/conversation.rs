//! A conversation with one client, from the handshake to the closing one.

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
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_util::sync::CancellationToken;

use crate::error::{Error, Result};
use crate::request::Request;
use crate::response::upgrade::Carrier;
use crate::task::catch_panic::catch_panic;

use super::AsyncSocket;
use super::message::{IncomingMessage, Message, OutgoingMessage};

/// How long a conversation may go on once the server stops, and the last handshake take.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A client at the other end: it says `I` and is told `O`.
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
    stream: WebSocketStream<Box<dyn Carrier>>,
    protocol: Option<&'static str>,
    stopping: CancellationToken,
    /// The next time a silent client is asked, or given up.
    timer: Pin<Box<Sleep>>,
    is_asked: bool,
    interval: Duration,
    patience: Duration,
    /// Until when the client has to take what was written; `None` when it has taken it.
    write_deadline: Option<Instant>,
    /// How it has to end, where it cannot end well.
    fault: Option<CloseCode>,
    types: PhantomData<fn(I) -> O>,
}

impl<I: IncomingMessage, O: OutgoingMessage> Socket<I, O> {
    /// The next message; `None` when the client has closed, is gone, or the server stops.
    ///
    /// Nothing is lost when it is dropped before it is ready: it may stand in a `select!`.
    ///
    /// # Errors
    /// 400 or 422 when the message is not what was expected, with every wrong field: the
    /// conversation can go on. 400, too, when it cannot, because the message was too large or broke
    /// the protocol; then the next is `None`.
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
        if self.is_asked && self.timer.is_elapsed() {
            // It may have answered while nobody listened.
            self.timer.set(sleep(self.patience));
        }
        loop {
            // Nothing more is read until the client has taken the answer to its last ping: else a
            // client that sends pings and never reads would fill the memory with pongs.
            if let Err(error) = self.flush().await {
                tracing::debug!(error = error.to_string(), "a conversation cannot go on");
                return Ok(None);
            }
            let message = tokio::select! {
                // What has come is heard before the time is said to be over.
                biased;
                () = self.stopping.cancelled() => return Ok(None),
                message = self.stream.next() => Some(message),
                // Unconstrained: a flood of empty fragments uses up the task's budget each time.
                () = unconstrained(&mut self.timer) => None,
            };
            let message = match message {
                Some(Some(Ok(tungstenite::Message::Ping(_)))) => {
                    // tungstenite has queued the answer. A ping is no sign that the client reads:
                    // it is asked all the same.
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
                if self.is_asked {
                    tracing::debug!("the client does not answer");
                    return Ok(None);
                }
                self.is_asked = true;
                self.timer.set(sleep(self.patience));
                if let Err(error) = self.feed(tungstenite::Message::Ping(Bytes::new())).await {
                    tracing::debug!(error = error.to_string(), "the client cannot be asked");
                    return Ok(None);
                }
                continue;
            };
            self.is_asked = false;
            self.timer.set(sleep(self.interval));
            let message = match message {
                tungstenite::Message::Text(text) => Message::Text(text.as_str().to_owned()),
                tungstenite::Message::Binary(bytes) => Message::Binary(bytes),
                tungstenite::Message::Close(_) => {
                    // Answered by tungstenite, too.
                    self.begin_write();
                    continue;
                }
                _ => continue,
            };
            return I::from_message(message).map(Some);
        }
    }

    /// Sends a message, once the client has taken those before it.
    ///
    /// # Errors
    /// The client is gone, or does not read.
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
        // What was written before, where that was given up.
        self.flush().await?;
        self.feed(message.to_message()?.into()).await?;
        self.flush().await
    }

    /// The subprotocol that was agreed on.
    ///
    /// # Examples
    /// ```
    /// # use resourceful::{Message, Socket};
    /// fn is_v2(socket: &Socket<Message, Message>) -> bool {
    ///     socket.protocol() == Some("v2")
    /// }
    /// ```
    #[must_use]
    pub fn protocol(&self) -> Option<&'static str> {
        self.protocol
    }
}

impl<I, O> Socket<I, O> {
    /// There is something for [`flush`](Self::flush) to write.
    fn begin_write(&mut self) {
        let now = Instant::now();
        let deadline = now.checked_add(self.patience);
        // A patience without end is a year.
        self.write_deadline = Some(deadline.unwrap_or(now + Duration::from_secs(365 * 24 * 3600)));
    }

    async fn feed(&mut self, message: tungstenite::Message) -> Result<()> {
        self.begin_write();
        self.stream.feed(message).await.map_err(gone)
    }

    /// Waits until the client has taken what was written. The time that it has does not begin anew
    /// when this is dropped and called again, nor with what it sends in the meantime.
    async fn flush(&mut self) -> Result<()> {
        let Some(deadline) = self.write_deadline else {
            return Ok(());
        };
        match timeout_at(deadline, self.stream.flush()).await {
            Ok(Ok(())) => {
                self.write_deadline = None;
                Ok(())
            }
            Ok(Err(error)) => Err(gone(error)),
            Err(_elapsed) => Err(gone("the client does not read")),
        }
    }

    fn broken<T>(&mut self, error: tungstenite::Error) -> Result<Option<T>> {
        use tungstenite::Error as E;
        self.fault = match &error {
            E::ConnectionClosed
            | E::AlreadyClosed
            | E::Io(_)
            | E::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return Ok(None),
            E::Capacity(_) => Some(CloseCode::Size),
            E::Utf8(_) => Some(CloseCode::Invalid),
            _ => Some(CloseCode::Protocol),
        };
        Err(Error::bad_request("The conversation cannot go on.").with_source(error))
    }

    /// The last handshake: our word, then the client's.
    async fn close(mut self, code: CloseCode, reason: &str) {
        let now = Instant::now();
        if self.write_deadline.is_some_and(|deadline| deadline <= now) {
            // A client that does not read would not read our word either.
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
        let _ = timeout(LAST_WORDS, async {
            let _ = self.stream.close(Some(frame)).await;
            while let Some(Ok(_)) = self.stream.next().await {}
            // Closed over what is still coming, our word would be lost.
            let carrier = self.stream.get_mut();
            let _ = carrier.shutdown().await;
            let _ = tokio::io::copy(carrier, &mut tokio::io::sink()).await;
        })
        .await;
    }
}

impl<I, O> fmt::Debug for Socket<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// No fault of ours: not worth a line in the log of errors.
fn gone(error: impl Into<crate::error::BoxError>) -> Error {
    Error::bad_request("The client is gone.").with_source(error)
}

/// A whole conversation.
pub(super) async fn converse<S: AsyncSocket>(
    service: &S,
    request: Request,
    protocol: Option<&'static str>,
    carrier: Box<dyn Carrier>,
    read: Bytes,
) {
    let config = WebSocketConfig::default()
        .max_message_size(Some(S::MAX_MESSAGE_SIZE))
        .max_frame_size(Some(S::MAX_MESSAGE_SIZE))
        // Most messages are small, and most sockets silent.
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0);
    let stream =
        WebSocketStream::from_partially_read(carrier, read.into(), Role::Server, Some(config));
    let stopping = request.settings().stopping.clone();
    let started = Instant::now();
    let mut socket: Socket<S::Incoming, S::Outgoing> = Socket {
        stream: stream.await,
        protocol,
        stopping: stopping.clone(),
        timer: Box::pin(sleep(S::PING_INTERVAL)),
        is_asked: false,
        interval: S::PING_INTERVAL,
        patience: S::PONG_TIMEOUT,
        write_deadline: None,
        fault: None,
        types: PhantomData,
    };
    let outcome = tokio::select! {
        outcome = catch_panic(service.serve(&request, &mut socket)) => outcome,
        () = async {
            stopping.cancelled().await;
            sleep(LAST_WORDS).await;
        } => Ok(()),
    };
    let (code, reason) = match &outcome {
        Ok(()) if stopping.is_cancelled() => (CloseCode::Away, "The server stops."),
        Ok(()) => (CloseCode::Normal, ""),
        Err(error) if error.status().is_server_error() => {
            tracing::error!(error = error.to_string(), "a conversation failed");
            (CloseCode::Error, "")
        }
        Err(error) => (CloseCode::Policy, error.detail().unwrap_or_default()),
    };
    let code = socket.fault.unwrap_or(code);
    tracing::info!(
        code = u16::from(code),
        seconds = started.elapsed().as_secs(),
        "conversation ended"
    );
    socket.close(code, reason).await;
}
