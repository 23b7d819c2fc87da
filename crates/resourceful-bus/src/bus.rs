//! [`Bus`]: publishes messages, and subscribes to topics.

use std::fmt;
use std::sync::{Arc, OnceLock};

use resourceful::{Event, EventStream, Request, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::broker::{Broker, StoredMessage};
use crate::envelope::encode;
use crate::hub::{Hub, newest_of};
use crate::message_id::MessageId;
use crate::subscription::{Received, Subscription};
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
        let begin = events.begin;
        let mut subscription = Subscription::new(events);
        if let (Some(last_id), Some(begin)) = (last_id, begin) {
            let followed = self.followed(topic.name(), last_id).await;
            let followed = followed.unwrap_or_else(|error| {
                let error = error.to_string();
                tracing::warn!(error, "the history of a topic of the bus was not read");
                None
            });
            match followed {
                Some((seen, messages)) => subscription.begin_after(seen, messages),
                None => subscription.begin_with_lost(begin),
            }
        }
        Ok(subscription)
    }

    /// Streams the messages of a topic as server-sent events, made of them by `event`. A client that connects again, to any
    /// replica, continues after the last event that it has, or gets an event named `missed`.
    ///
    /// Each event has the id of its message, which the client sends as `Last-Event-ID`. A stream begins with the id of its
    /// place alone, so that a client without an event continues, too. The text of `missed` is the number of missed messages,
    /// or empty if nobody knows it. A message of which `event` makes no event is missed, and an error in the log.
    ///
    /// # Errors
    /// 500 if the whole name of the topic is too long.
    ///
    /// # Examples
    /// ```
    /// use resourceful::prelude::*;
    /// use resourceful::{Event, EventStream};
    /// use resourceful_bus::{Bus, Topic};
    ///
    /// const PRICES: Topic<u64> = Topic::new("prices");
    ///
    /// #[endpoint]
    /// async fn price_events(bus: &Bus, request: &Request) -> Result<EventStream> {
    ///     bus.event_stream(request, &PRICES, |cents| Event::json(&cents)).await
    /// }
    /// # fn app(bus: Bus) -> App { App::new().get("/prices/events", public(price_events).state(&bus)) }
    /// ```
    pub async fn event_stream<C, M: DeserializeOwned + 'static>(
        &self,
        request: &Request<C>,
        topic: &Topic<M>,
        event: impl Fn(M) -> Result<Event> + Send + 'static,
    ) -> Result<EventStream> {
        let last_id = request.header("last-event-id");
        let mut messages = self.resume(topic, last_id).await?;
        Ok(EventStream::new(request, |events| async move {
            if let Some(place) = messages.place() {
                events.send(Event::id(place)).await?;
            }
            loop {
                let event = match messages.receive().await {
                    Received::Message { body, .. } => event(body).unwrap_or_else(|error| {
                        let error = error.to_string();
                        tracing::error!(error, "a message of the bus is no event");
                        missed_event(Some(1))
                    }),
                    Received::Missed(count) => missed_event(count),
                };
                let event = match messages.place() {
                    Some(place) => event.with_id(place),
                    None => event,
                };
                events.send(event).await?;
            }
        }))
    }

    /// The messages of the history after this id, and the id. `None`: it is not that of a message, or the history is lost.
    async fn followed(
        &self,
        topic: &str,
        id: &str,
    ) -> Result<Option<(MessageId, Vec<StoredMessage>)>> {
        let broker = &*self.0.broker;
        let seen: Option<MessageId> = id.parse().ok();
        let Some(seen) = seen.filter(|seen| !seen.is_old_start()) else {
            return Ok(None);
        };
        let messages = broker.history(topic, Some(seen)).await?;
        if messages.is_empty() && newest_of(broker, topic).await? < seen {
            return Ok(None);
        }
        Ok(Some((seen, messages)))
    }

    /// # Panics
    /// Outside a tokio runtime, the first time.
    fn hub(&self) -> &Arc<Hub> {
        let start = || Arc::new(Hub::start(Arc::clone(&self.0.broker)));
        self.0.hub.get_or_init(start)
    }
}

/// The event of missed messages.
fn missed_event(count: Option<u64>) -> Event {
    let count = count.map(|count| count.to_string());
    Event::new(count.unwrap_or_default()).with_name("missed")
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").finish_non_exhaustive()
    }
}
