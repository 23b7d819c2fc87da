//! Brokers for tests, and what is received from them.

use std::time::Duration;

use resourceful_bus::{Bus, MessageId, PostgresBroker, Received, RedisBroker, Subscription, Topic};
use resourceful_db::Db;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) const NUMBERS: Topic<u32> = Topic::new("numbers");

/// The bus of another process.
pub(crate) async fn postgres(url: &str) -> Bus {
    let db = Db::connect(url).await.unwrap();
    Bus::new(PostgresBroker::new(db).await.unwrap())
}

pub(crate) fn redis(url: &str) -> Bus {
    Bus::new(RedisBroker::new(url).unwrap())
}

pub(crate) async fn receive<M: DeserializeOwned>(
    subscription: &mut Subscription<M>,
) -> Received<M> {
    let received = timeout(TIMEOUT, subscription.receive());
    received.await.expect("a message in time")
}

/// The next message, with its id.
pub(crate) async fn message<M: DeserializeOwned>(
    subscription: &mut Subscription<M>,
) -> (MessageId, M) {
    match receive(subscription).await {
        Received::Message { id, body } => (id, body),
        Received::Missed(count) => panic!("missed {count:?}"),
    }
}

/// The bodies of the next messages.
pub(crate) async fn bodies<M: DeserializeOwned>(
    subscription: &mut Subscription<M>,
    count: usize,
) -> Vec<M> {
    let mut bodies = Vec::new();
    while bodies.len() < count {
        bodies.push(message(subscription).await.1);
    }
    bodies
}
