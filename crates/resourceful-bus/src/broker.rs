//! [`Broker`]: the port to that which carries messages between processes.

use async_trait::async_trait;
use bytes::Bytes;
use resourceful::{BoxError, Result};

use crate::message_id::MessageId;

/// Carries messages between processes, and keeps a bounded history of each topic.
///
/// [`MemoryBroker`](crate::MemoryBroker) has one process; `RedisBroker` and `PostgresBroker` have any number.
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Adds a message to the history of a topic, and announces it to all listeners of the topic. The ids of a topic have
    /// no gaps and are in the order of the announcements.
    ///
    /// # Errors
    /// If the broker is away. The message may be published or not.
    async fn publish(&self, topic: &str, body: Bytes) -> Result<MessageId>;

    /// The messages of the history after this one, or all, the oldest first.
    ///
    /// # Errors
    /// If the broker is away.
    async fn history(&self, topic: &str, after: Option<MessageId>) -> Result<Vec<StoredMessage>>;

    /// The newest message. `None`: the topic has none.
    ///
    /// # Errors
    /// If the broker is away.
    async fn newest(&self, topic: &str) -> Result<Option<MessageId>>;

    /// Opens a connection that hears announcements.
    ///
    /// # Errors
    /// If the broker is away.
    async fn listen(&self) -> Result<Box<dyn Listener>, BoxError>;
}

/// A connection that hears announcements. After an error it is dropped, and another one is opened.
#[async_trait]
pub trait Listener: Send {
    /// Hears these topics from now on: a message that is published after it has returned is announced.
    ///
    /// # Errors
    /// If the connection has ended.
    async fn add(&mut self, topics: &[String]) -> Result<(), BoxError>;

    /// Hears these topics no longer. Some may not be heard.
    ///
    /// # Errors
    /// If the connection has ended.
    async fn remove(&mut self, topics: &[String]) -> Result<(), BoxError>;

    /// The next announcement. A dropped future loses none.
    ///
    /// # Errors
    /// If the connection has ended, or an announcement may be lost.
    async fn next(&mut self) -> Result<Announcement, BoxError>;

    /// Whether the connection works, which is asked when nothing was announced for a while.
    ///
    /// # Errors
    /// If the connection has ended.
    async fn check(&mut self) -> Result<(), BoxError>;
}

/// A message of a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its place in the topic.
    pub id: MessageId,
    /// The bytes that were published.
    pub body: Bytes,
}

/// The news that a message was published.
#[derive(Clone, Debug)]
pub struct Announcement {
    /// The name of the topic.
    pub topic: String,
    /// The place of the message in the topic.
    pub id: MessageId,
    /// The bytes that were published. `None`: they are read from the history.
    pub body: Option<Bytes>,
}
