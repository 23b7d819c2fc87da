//! Messages of a WebSocket.

use bytes::Bytes;
use serde::Serialize;
use tokio_tungstenite::tungstenite;

use crate::error::{Error, Result};
use crate::input::{Input, from_json};

/// A text or binary message, for sockets without JSON.
///
/// # Examples
/// ```
/// use resourceful::Message;
/// let message = Message::from("hello");
/// assert_eq!(message, Message::Text("hello".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// UTF-8.
    Text(String),
    /// Bytes.
    Binary(Bytes),
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Bytes> for Message {
    fn from(bytes: Bytes) -> Self {
        Self::Binary(bytes)
    }
}

/// A message that a socket can receive: any [`Input`], as JSON in a text message, or [`Message`].
///
/// # Examples
/// ```
/// fn can_be_received<T: resourceful::IncomingMessage>() {}
/// can_be_received::<resourceful::Message>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be received over a socket",
    note = "derive `Deserialize`, `JsonSchema` and `Validate`, or take `Message`"
)]
pub trait IncomingMessage: Sized + Send + 'static {
    #[doc(hidden)]
    fn from_message(message: Message) -> Result<Self>;
}

impl<T: Input + Send + 'static> IncomingMessage for T {
    fn from_message(message: Message) -> Result<Self> {
        match message {
            Message::Text(text) => from_json(text.as_bytes()),
            Message::Binary(_) => Err(Error::bad_request("Messages are JSON, as text.")),
        }
    }
}

impl IncomingMessage for Message {
    fn from_message(message: Message) -> Result<Self> {
        Ok(message)
    }
}

/// A message that a socket can send: any `Serialize`, as JSON in a text message, or [`Message`].
///
/// # Examples
/// ```
/// fn can_be_sent<T: resourceful::OutgoingMessage>() {}
/// can_be_sent::<resourceful::Message>();
/// can_be_sent::<Vec<i64>>();
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent over a socket",
    note = "derive `Serialize`, or send `Message`"
)]
pub trait OutgoingMessage: Send + Sync + 'static {
    #[doc(hidden)]
    fn to_message(&self) -> Result<Message>;
}

impl<T: Serialize + Send + Sync + 'static> OutgoingMessage for T {
    fn to_message(&self) -> Result<Message> {
        let text = serde_json::to_string(self).map_err(Error::internal)?;
        Ok(Message::Text(text))
    }
}

impl OutgoingMessage for Message {
    fn to_message(&self) -> Result<Message> {
        Ok(self.clone())
    }
}

impl From<Message> for tungstenite::Message {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::text(text),
            Message::Binary(bytes) => Self::binary(bytes),
        }
    }
}
