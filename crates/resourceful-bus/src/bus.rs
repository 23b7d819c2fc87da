//! [`Bus`]: publishes messages, and subscribes to topics.

use std::fmt;
use std::sync::{Arc, OnceLock};

use resourceful::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::broker::{Broker, StoredMessage};
use crate::envelope::encode;
use crate::hub::Hub;
use crate::message_id::MessageId;
use crate::subscription::Subscription;
use crate::topic::{Topic, check};

/// Publishes messages to all replicas, and subscribes to topics. A clone is the same bus.
///
/// # Examples
/// See the [crate](crate).
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    broker: Arc<dyn Broker>,
    /// Hears the broker from the first subscription on.
    hub: OnceLock<Arc<Hub>>,
}

impl Bus {
    /// A bus over this broker.
    #[must_use]
    pub fn new(broker: impl Broker) -> Self {
        Self(Arc::new(Inner {
            broker: Arc::new(broker),
            hub: OnceLock::new(),
        }))
    }

    /// Publishes a message: all subscriptions of the topic get it, in all processes, after those that were published
    /// before. Returns its place in the topic.
    ///
    /// # Errors
    /// 503 if the broker is away; the message may be published or not. 500 if the message has more than 64 KiB as JSON, or
    /// the name of the topic more than 255 bytes.
    pub async fn publish<M: Serialize>(&self, topic: &Topic<M>, message: &M) -> Result<MessageId> {
        check(topic)?;
        let body = encode(message)?;
        self.0.broker.publish(topic.name(), body).await
    }

    /// Subscribes to the messages that are published from now on.
    ///
    /// # Errors
    /// 503 if the broker is away. 500 if the name of the topic has more than 255 bytes.
    pub async fn subscribe<M: DeserializeOwned>(
        &self,
        topic: &Topic<M>,
    ) -> Result<Subscription<M>> {
        check(topic)?;
        let events = self.hub().subscribe(topic.name()).await?;
        Ok(Subscription::new(events))
    }

    /// Subscribes to the messages after this one, for example after the `Last-Event-ID` of a client that connects again:
    /// first those of the history, then those that are published from now on. `None` is [`subscribe`](Self::subscribe). After
    /// the id of a history that was lost, [`Missed`](crate::Received::Missed) comes first, and then all of the history; after
    /// any other text, `Missed` and the messages from now on.
    ///
    /// While the broker is away, this is no error: the subscription begins when the broker is back, with `Missed`. A browser
    /// does not open a stream again after an error response.
    ///
    /// # Errors
    /// 500 if the whole name of the topic is too long.
    ///
    /// # Examples
    /// ```
    /// use resourceful_bus::{Bus, MemoryBroker, Received, Topic};
    ///
    /// const PRICES: Topic<u64> = Topic::new("prices");
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let bus = Bus::new(MemoryBroker::default());
    /// let last = bus.publish(&PRICES, &4200).await?.to_string();
    /// let next = bus.publish(&PRICES, &4300).await?;
    /// let mut prices = bus.resume(&PRICES, Some(&last)).await?;
    /// assert_eq!(prices.receive().await, Received::Message { id: next, body: 4300 });
    /// # Ok(())
    /// # }
    /// ```
    pub async fn resume<M: DeserializeOwned>(
        &self,
        topic: &Topic<M>,
        last_id: Option<&str>,
    ) -> Result<Subscription<M>> {
        check(topic)?;
        let events = self.hub().join(topic.name()).await;
        let is_late = events.is_late;
        let mut subscription = Subscription::new(events);
        if let Some(last_id) = last_id
            && !is_late
        {
            let followed = self.followed(topic.name(), last_id).await;
            let (seen, messages) = followed.unwrap_or_else(|error| {
                let error = error.to_string();
                tracing::warn!(error, "the history of a topic of the bus was not read");
                (None, Vec::new())
            });
            subscription.begin_after(seen, messages);
        }
        Ok(subscription)
    }

    /// The messages of the history after this id, and the id, if it is that of a message.
    async fn followed(
        &self,
        topic: &str,
        id: &str,
    ) -> Result<(Option<MessageId>, Vec<StoredMessage>)> {
        let broker = &self.0.broker;
        let seen: Option<MessageId> = id.parse().ok();
        let messages = match seen {
            Some(seen) => broker.history(topic, Some(seen)).await?,
            None => Vec::new(),
        };
        if messages.is_empty() && broker.newest(topic).await? < seen {
            // It was not given out, or the history is lost.
            return Ok((None, messages));
        }
        Ok((seen, messages))
    }

    /// # Panics
    /// Outside a tokio runtime, the first time.
    fn hub(&self) -> &Arc<Hub> {
        let start = || Arc::new(Hub::start(Arc::clone(&self.0.broker)));
        self.0.hub.get_or_init(start)
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").finish_non_exhaustive()
    }
}
