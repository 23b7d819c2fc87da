#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod broker;
mod bus;
mod envelope;
mod hub;
mod memory;
mod message_id;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod subscription;
mod topic;

pub use self::broker::{Announcement, Broker, Listener, StoredMessage};
pub use self::bus::Bus;
pub use self::memory::MemoryBroker;
pub use self::message_id::{InvalidMessageId, MessageId};
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresBroker;
#[cfg(feature = "redis")]
pub use self::redis::RedisBroker;
pub use self::subscription::{Received, Subscription};
pub use self::topic::Topic;

/// The messages of a topic that its history has, unless a broker is told otherwise.
const HISTORY: usize = 256;

/// The most that a broker may be told: a history is read as a whole.
const MAX_HISTORY: usize = 1000;

/// The history of a topic without a new message is kept this long.
const RETENTION: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
