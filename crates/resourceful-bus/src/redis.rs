//! [`RedisBroker`]: messages through a Redis server.
//!
//! A topic is a stream, the history, and a channel, on which each message is announced.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Buf as _, Bytes};
use futures_util::StreamExt as _;
use redis::aio::{PubSub, PubSubSink, PubSubStream};
use resourceful::{BoxError, Error, Result};
use resourceful_cache::{Redis, ServerAddress};
use tokio::time::timeout;

use crate::broker::{Announcement, Broker, Listener, StoredMessage};
use crate::envelope::MAX_SIZE;
use crate::message_id::MessageId;
use crate::{HISTORY, MAX_HISTORY, RETENTION};

/// Time limit for a command.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Adds a message with the number after the newest one, or with the first of an epoch by the clock of the server, and
/// announces it. One script, so that the announcements have the order of the ids.
///
/// A server that was started again, or another one that has taken over, may have lost the newest messages, whose numbers
/// must not be given to others: it begins an epoch.
const PUBLISH: &str = "
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local epoch, number = 0, 1
if newest then
  local newest_epoch, newest_number = string.match(newest[1], '^(%d+)-(%d+)$')
  epoch = tonumber(newest_epoch)
  if newest[2][4] == run then
    number = tonumber(newest_number) + 1
  end
end
if number == 1 then
  local time = redis.call('TIME')
  epoch = math.max(time[1] * 1000 + math.floor(time[2] / 1000), epoch + 1)
end
local id = string.format('%.0f-%.0f', epoch, number)
redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], id, 'm', ARGV[1], 'r', run)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[4], id .. ' ' .. ARGV[1])
return id
";

/// Messages that one reply has: all commands share one connection, so a long reply delays the others.
const READ_LIMIT: usize = 16;

/// The messages after an id as one string: each its id, the length of its body, and the body.
const READ: &str = "
local messages = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1], '+', 'COUNT', ARGV[2])) do
  local body = entry[2][2]
  messages[#messages + 1] = entry[1] .. ' ' .. #body .. ' ' .. body
end
return table.concat(messages)
";

const NEWEST: &str = "
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
return newest and newest[1] or ''
";

/// Carries messages through a Redis or Valkey server, for any number of processes.
///
/// A message is one script at the server and one announcement to each process that has a subscription of the topic. The
/// history of a topic is a stream of Redis; it ends a day after the last message. After a restart of the server, or when
/// another one takes over, subscriptions are told that messages may be missing.
///
/// # Examples
/// ```no_run
/// use resourceful_bus::{Bus, RedisBroker};
///
/// # fn main() -> resourceful::Result<()> {
/// let broker = RedisBroker::new("redis://localhost:6379").map_err(resourceful::Error::internal)?;
/// let bus = Bus::new(broker);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisBroker {
    /// For commands.
    redis: Arc<Redis>,
    /// For the connections that listen.
    address: ServerAddress,
    prefix: Arc<str>,
    history: usize,
}

impl RedisBroker {
    /// A broker at the server of this URL. It connects later, so a service starts even if the server is unavailable.
    ///
    /// # Errors
    /// If the URL is not a Redis URL (`redis://`, or `rediss://` for TLS).
    pub fn new(url: &str) -> Result<Self, BoxError> {
        let address = ServerAddress::parse(url)?;
        Ok(Self {
            redis: Arc::new(
                Redis::at(address.clone())
                    .with_operation_timeout(TIMEOUT)
                    .with_max_value_size(READ_LIMIT * (MAX_SIZE + 100)),
            ),
            address,
            prefix: "bus".into(),
            history: HISTORY,
        })
    }

    /// Sets the beginning of the keys and channels in the server (default: `bus`), where several services share one.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the number of messages that the history of each topic has (default: 256; 1 to 1,000), for
    /// clients that resume. A subscription that goes on after an outage gets at most 512 at once.
    #[must_use]
    pub fn with_history(mut self, messages: usize) -> Self {
        self.history = messages.clamp(1, MAX_HISTORY);
        self
    }

    fn key(&self, topic: &str) -> String {
        format!("{}:{topic}", self.prefix)
    }

    /// The channel of a topic. All databases of a server share their channels.
    fn channel(&self, topic: &str) -> String {
        format!("{}{topic}", self.channels())
    }

    fn channels(&self) -> String {
        format!("{}:{}:", self.prefix, self.address.settings().db())
    }
}

#[async_trait]
impl Broker for RedisBroker {
    async fn publish(&self, topic: &str, body: Bytes) -> Result<MessageId> {
        let arguments = [
            body.to_vec(),
            self.history.to_string().into_bytes(),
            RETENTION.as_millis().to_string().into_bytes(),
            self.channel(topic).into_bytes(),
        ];
        let id = self.redis.eval(PUBLISH, &self.key(topic), &arguments).await;
        let id: String = id.map_err(away)?;
        parse_id(&id).map_err(Error::internal)
    }

    async fn history(&self, topic: &str, after: Option<MessageId>) -> Result<Vec<StoredMessage>> {
        let (key, limit) = (self.key(topic), READ_LIMIT.to_string());
        let (mut messages, mut after) = (Vec::new(), after);
        loop {
            let from = after.map_or_else(|| "-".to_owned(), |id| format!("({id}"));
            let reply: Vec<u8> = self
                .redis
                .eval(READ, &key, &[&from, &limit])
                .await
                .map_err(away)?;
            let read = parse_messages(reply.into()).ok_or_else(|| {
                Error::internal("the history of a topic of the bus in Redis is damaged")
            })?;
            after = read.last().map(|message| message.id);
            let is_last = read.len() < READ_LIMIT;
            messages.extend(read);
            if is_last {
                return Ok(messages);
            }
        }
    }

    async fn newest(&self, topic: &str) -> Result<Option<MessageId>> {
        let none: [&str; 0] = [];
        let id = self.redis.eval(NEWEST, &self.key(topic), &none).await;
        let id: String = id.map_err(away)?;
        let id = (!id.is_empty()).then(|| parse_id(&id));
        id.transpose().map_err(Error::internal)
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, BoxError> {
        let stream = self.address.connect().await?;
        let connecting = PubSub::new(self.address.settings(), stream);
        let (sink, stream) = timeout(TIMEOUT, connecting).await??.split();
        Ok(Box::new(RedisListener {
            sink,
            stream,
            prefix: self.channels(),
        }))
    }
}

struct RedisListener {
    sink: PubSubSink,
    stream: PubSubStream,
    /// The beginning of the channels.
    prefix: String,
}

impl RedisListener {
    fn channels(&self, topics: &[String]) -> Vec<String> {
        let channels = topics.iter().map(|topic| format!("{}{topic}", self.prefix));
        channels.collect()
    }
}

#[async_trait]
impl Listener for RedisListener {
    async fn add(&mut self, topics: &[String]) -> Result<(), BoxError> {
        Ok(self.sink.subscribe(self.channels(topics)).await?)
    }

    async fn remove(&mut self, topics: &[String]) -> Result<(), BoxError> {
        Ok(self.sink.unsubscribe(self.channels(topics)).await?)
    }

    async fn next(&mut self) -> Result<Announcement, BoxError> {
        loop {
            let message = self.stream.next().await;
            let message = message.ok_or("the connection of the bus to Redis has ended")?;
            let Some(topic) = message.get_channel_name().strip_prefix(&self.prefix) else {
                continue;
            };
            let mut body = Bytes::copy_from_slice(message.get_payload_bytes());
            let id = split_word(&mut body).ok_or("an announcement of the bus has no id")?;
            return Ok(Announcement {
                topic: topic.to_owned(),
                id: parse_id(&id)?,
                body: Some(body),
            });
        }
    }

    async fn check(&mut self) -> Result<(), BoxError> {
        Ok(self.sink.ping().await?)
    }
}

/// Parses the reply of [`READ`].
fn parse_messages(mut reply: Bytes) -> Option<Vec<StoredMessage>> {
    let mut messages = Vec::new();
    while !reply.is_empty() {
        let id = split_word(&mut reply)?.parse().ok()?;
        let length: usize = split_word(&mut reply)?.parse().ok()?;
        let body = (length <= reply.len()).then(|| reply.split_to(length))?;
        messages.push(StoredMessage { id, body });
    }
    Some(messages)
}

/// Splits off the text before the first space, and the space.
fn split_word(bytes: &mut Bytes) -> Option<String> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let word = bytes.split_to(space);
    bytes.advance(1);
    String::from_utf8(word.to_vec()).ok()
}

fn parse_id(id: &str) -> Result<MessageId, BoxError> {
    Ok(id.parse()?)
}

fn away(error: BoxError) -> Error {
    Error::unavailable(Duration::from_secs(1)).with_source(error)
}

impl fmt::Debug for RedisBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBroker")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
