//! [`Subscription`]: the messages of a topic, in their order.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::broker::StoredMessage;
use crate::envelope;
use crate::hub::{TopicEvent, TopicEvents, missed};
use crate::message_id::MessageId;

/// The messages of a topic, in their order, each of them once. It stays while the broker is away, and then continues.
///
/// # Examples
/// See the [crate](crate).
pub struct Subscription<M> {
    events: TopicEvents,
    /// Events that come before the others.
    earlier: VecDeque<TopicEvent>,
    /// The newest message that it has. After a history was read, it may be among the events, too. `None`: the next event
    /// is [`TopicEvent::Lost`], which tells it.
    newest: Option<MessageId>,
    /// Whether events were dropped before the next one.
    is_behind: bool,
    message: PhantomData<fn() -> M>,
}

/// A message, or the news that some are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received<M> {
    /// A message.
    Message {
        /// Its place in the topic. A client that connects again sends it to [`Bus::resume`](crate::Bus::resume).
        id: MessageId,
        /// The message as it was published.
        body: M,
    },
    /// So many messages before the next one are lost: this subscription was too slow, the broker was away for longer than
    /// its history is, or the message is of another type. `None`: their number is unknown, and may be 0. The server of the
    /// broker was started again, the history was removed after a day without a message, the broker was away when this
    /// subscription began, the topic had no message then, or it has none with the id after which this subscription should begin.
    Missed(Option<u64>),
}

impl<M: DeserializeOwned> Subscription<M> {
    pub(crate) fn new(events: TopicEvents) -> Self {
        Self {
            newest: events.begin,
            events,
            earlier: VecDeque::new(),
            is_behind: false,
            message: PhantomData,
        }
    }

    /// Begins after the message `seen`, with those that followed it.
    pub(crate) fn begin_after(&mut self, seen: MessageId, messages: Vec<StoredMessage>) {
        self.newest = Some(seen);
        let mut before = seen;
        for message in messages {
            self.earlier.extend(missed(before, message.id));
            before = message.id;
            self.earlier.push_back(TopicEvent::Message(message));
        }
    }

    /// Begins at this place, with the news that messages before it may be missing.
    pub(crate) fn begin_with_lost(&mut self, place: MessageId) {
        self.newest = None;
        self.earlier.push_back(TopicEvent::Lost(place));
    }

    /// The place in the topic after what was received: [`Bus::resume`](crate::Bus::resume) continues after it. That of a
    /// topic without a message begins with `0-`. `None`: nobody knows it until something is received.
    #[must_use]
    pub fn place(&self) -> Option<MessageId> {
        self.newest
    }

    /// Waits for the next message. A dropped future loses none, so it may be a branch of `select!`.
    pub async fn receive(&mut self) -> Received<M> {
        loop {
            let event = match self.earlier.pop_front() {
                Some(event) => event,
                None => self.events.next().await,
            };
            if let Some(received) = self.received(event) {
                return received;
            }
        }
    }

    fn received(&mut self, event: TopicEvent) -> Option<Received<M>> {
        match event {
            TopicEvent::Dropped => {
                self.is_behind = true;
                None
            }
            TopicEvent::Missed(count) => {
                // The ids of the messages around what was dropped tell it, too.
                (!self.is_behind).then_some(Received::Missed(count))
            }
            TopicEvent::Lost(place) => {
                // A message of a newer epoch may have come from the history meanwhile.
                let is_newer = |newest: MessageId| newest.epoch() > place.epoch();
                if !self.newest.is_some_and(is_newer) {
                    self.newest = Some(place);
                }
                self.is_behind = false;
                Some(Received::Missed(None))
            }
            TopicEvent::Message(message) if Some(message.id) <= self.newest => None,
            TopicEvent::Message(message) => {
                if std::mem::take(&mut self.is_behind) {
                    let missed = self
                        .newest
                        .and_then(|newest| newest.messages_until(message.id));
                    if missed != Some(0) {
                        self.earlier.push_front(TopicEvent::Message(message));
                        return Some(Received::Missed(missed));
                    }
                }
                self.newest = Some(message.id);
                Some(decode(&message))
            }
        }
    }
}

fn decode<M: DeserializeOwned>(message: &StoredMessage) -> Received<M> {
    match envelope::decode(&message.body) {
        Ok(body) => Received::Message {
            id: message.id,
            body,
        },
        Err(error) => {
            tracing::error!(
                error = error.to_string(),
                id = message.id.to_string(),
                "a message of the bus is of another type"
            );
            Received::Missed(Some(1))
        }
    }
}

impl<M> fmt::Debug for Subscription<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").finish_non_exhaustive()
    }
}
