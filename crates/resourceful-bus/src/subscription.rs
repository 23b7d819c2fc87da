//! [`Subscription`]: the messages of a topic, in their order.

use std::collections::VecDeque;
use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::broker::StoredMessage;
use crate::hub::{TopicEvent, TopicEvents, missed};
use crate::message_id::MessageId;

/// The messages of a topic, in their order, each of them once. It stays while the broker is away, and then continues.
///
/// # Examples
/// See the [crate](crate).
pub struct Subscription<M> {
    events: TopicEvents,
    /// What comes before the events.
    earlier: VecDeque<TopicEvent>,
    /// The newest message that it has. After a history was read, it may be among the events, too.
    newest: Option<MessageId>,
    /// The number of events that were dropped before the next one.
    dropped: Option<u64>,
    /// The message after those that were missed.
    next: Option<StoredMessage>,
    message: PhantomData<fn() -> M>,
}

/// What a [`Subscription`] receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received<M> {
    /// A message.
    Message {
        /// Its place in the topic. A client that connects again sends it to [`Bus::resume`](crate::Bus::resume).
        id: MessageId,
        /// What was published.
        body: M,
    },
    /// So many messages before the next one are lost: this subscription was too slow, the broker was away for longer than
    /// its history is, or the message is of another type. `None`: their number is unknown, because the broker has lost
    /// its history.
    Missed(Option<u64>),
}

impl<M: DeserializeOwned> Subscription<M> {
    pub(crate) fn new(events: TopicEvents) -> Self {
        Self {
            events,
            earlier: VecDeque::new(),
            newest: None,
            dropped: None,
            next: None,
            message: PhantomData,
        }
    }

    /// Puts the messages after `seen` before the others. `None`: an id that was unknown.
    pub(crate) fn begin_after(&mut self, seen: Option<MessageId>, history: Vec<StoredMessage>) {
        let (oldest, newest) = (history.first(), history.last());
        // An id of the future was not given out.
        let seen = seen.filter(|seen| newest.is_some_and(|newest| *seen <= newest.id));
        self.newest = seen;
        let first = history.iter().find(|message| Some(message.id) > seen);
        let missed = match (seen, first, oldest) {
            (None, ..) => Some(TopicEvent::Missed(None)),
            (Some(seen), Some(first), Some(oldest)) if first.id == oldest.id => {
                missed(Some(seen), first.id)
            }
            _ => None,
        };
        self.earlier.extend(missed);
        let later = history
            .into_iter()
            .filter(|message| Some(message.id) > seen);
        self.earlier.extend(later.map(TopicEvent::Message));
    }

    /// Waits for the next message. A dropped future loses none, so it may be a branch of `select!`.
    pub async fn receive(&mut self) -> Received<M> {
        if let Some(message) = self.next.take() {
            return decode(&message);
        }
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
            TopicEvent::Dropped(count) => {
                self.dropped = Some(count);
                None
            }
            // The ids of the messages around what was dropped tell it, too.
            TopicEvent::Missed(_) if self.dropped.is_some() => None,
            TopicEvent::Missed(count) => Some(Received::Missed(count)),
            TopicEvent::Message(message) if Some(message.id) <= self.newest => None,
            TopicEvent::Message(message) => {
                let newest = self.newest.replace(message.id);
                match (self.dropped.take(), newest) {
                    (None, _) => Some(decode(&message)),
                    (Some(dropped), newest) => {
                        let missed = match newest {
                            Some(newest) => newest.messages_until(message.id),
                            None => Some(dropped),
                        };
                        self.next = Some(message);
                        Some(Received::Missed(missed))
                    }
                }
            }
        }
    }
}

fn decode<M: DeserializeOwned>(message: &StoredMessage) -> Received<M> {
    match serde_json::from_slice(&message.body) {
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
