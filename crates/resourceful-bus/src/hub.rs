//! [`Hub`]: hears a broker once for all subscriptions of this process.
//!
//! One task has the connection. It gives each topic its messages in their order, reads from the history what was not
//! announced, and says in the stream of the topic what the history has lost.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use resourceful::{BoxError, Error, Result};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::timeout;

use crate::broker::{Announcement, Broker, Listener, StoredMessage};
use crate::message_id::MessageId;

/// Messages that wait for a slow subscription. One that is slower misses the oldest.
const WAITING: usize = 256;

/// Time that a subscription waits for the broker.
const JOIN_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection on which nothing was heard for this time is checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(3);

/// Time limit for a check, and for each other use of the connection but waiting.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Pauses between attempts to open a connection: from the first one, doubled up to the second one.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// What happens in a topic.
#[derive(Clone, Debug)]
pub(crate) enum TopicEvent {
    Message(StoredMessage),
    /// So many messages were lost. `None`: their number is unknown.
    Missed(Option<u64>),
    /// The subscription was too slow, and has lost so many events before the next one.
    Dropped(u64),
}

pub(crate) struct Hub {
    shared: Arc<Shared>,
    /// Tells the task that the subscriptions of a topic have begun or ended.
    changes: mpsc::UnboundedSender<String>,
}

struct Shared {
    broker: Arc<dyn Broker>,
    /// The topics that have subscriptions.
    topics: Mutex<HashMap<String, Arc<TopicState>>>,
}

struct TopicState {
    events: broadcast::Sender<TopicEvent>,
    /// Whether the topic is heard, so that nothing that is published from now on is lost without a word.
    is_joined: watch::Sender<bool>,
}

impl Hub {
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn start(broker: Arc<dyn Broker>) -> Self {
        let shared = Arc::new(Shared {
            broker,
            topics: Mutex::default(),
        });
        let (changes, receiver) = mpsc::unbounded_channel();
        let task = HubTask {
            shared: Arc::clone(&shared),
            changes: receiver,
            joined: HashMap::new(),
        };
        tokio::spawn(task.run());
        Self { shared, changes }
    }

    /// The events of a topic from now on.
    pub(crate) async fn subscribe(self: &Arc<Self>, topic: &str) -> Result<TopicEvents> {
        let (state, events) = self.join(topic);
        // It leaves if the future is dropped.
        let events = TopicEvents {
            hub: Arc::clone(self),
            topic: topic.to_owned(),
            state: Arc::clone(&state),
            events,
        };
        let mut is_joined = state.is_joined.subscribe();
        match timeout(JOIN_TIMEOUT, is_joined.wait_for(|is_joined| *is_joined)).await {
            Ok(Ok(_)) => Ok(events),
            _ => Err(Error::unavailable(Duration::from_secs(1))
                .with_source("the broker of the bus is away")),
        }
    }

    fn join(&self, topic: &str) -> (Arc<TopicState>, broadcast::Receiver<TopicEvent>) {
        let mut topics = self.shared.topics();
        if let Some(state) = topics.get(topic) {
            return (Arc::clone(state), state.events.subscribe());
        }
        let (events, receiver) = broadcast::channel(WAITING);
        let state = Arc::new(TopicState {
            events,
            is_joined: watch::Sender::new(false),
        });
        topics.insert(topic.to_owned(), Arc::clone(&state));
        self.changed(topic);
        (state, receiver)
    }

    /// Called while `topics` is locked, so that the task sees the changes of a topic in their order.
    fn changed(&self, topic: &str) {
        // The task has ended with its runtime.
        let _ = self.changes.send(topic.to_owned());
    }
}

impl Shared {
    fn topics(&self) -> MutexGuard<'_, HashMap<String, Arc<TopicState>>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events of a topic for one subscription.
pub(crate) struct TopicEvents {
    hub: Arc<Hub>,
    topic: String,
    state: Arc<TopicState>,
    events: broadcast::Receiver<TopicEvent>,
}

impl TopicEvents {
    /// The next event. A dropped future loses none.
    pub(crate) async fn next(&mut self) -> TopicEvent {
        match self.events.recv().await {
            Ok(event) => event,
            Err(broadcast::error::RecvError::Lagged(count)) => TopicEvent::Dropped(count),
            // Not while `state` has the sender.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for TopicEvents {
    fn drop(&mut self) {
        let mut topics = self.hub.shared.topics();
        // This one is the last.
        if self.state.events.receiver_count() == 1 {
            topics.remove(&self.topic);
            self.hub.changed(&self.topic);
        }
    }
}

/// The task with the connection.
struct HubTask {
    shared: Arc<Shared>,
    changes: mpsc::UnboundedReceiver<String>,
    joined: HashMap<String, Joined>,
}

/// A topic that is heard.
struct Joined {
    state: Arc<TopicState>,
    /// The newest message that the subscriptions have.
    newest: Option<MessageId>,
}

impl HubTask {
    async fn run(mut self) {
        let mut pause = RETRY_PAUSES[0];
        let mut is_away = false;
        loop {
            let listener = timed(self.shared.broker.listen()).await;
            let error = match listener {
                Ok(listener) => match self.catch_up_all(listener).await {
                    Ok(listener) => {
                        if is_away {
                            tracing::info!("the broker of the bus is available again");
                        }
                        (pause, is_away) = (RETRY_PAUSES[0], false);
                        match self.hear(listener).await {
                            Ok(()) => return,
                            Err(error) => error,
                        }
                    }
                    Err(error) => error,
                },
                Err(error) => error,
            };
            if !is_away {
                is_away = true;
                tracing::warn!(error = error.to_string(), "the broker of the bus is away");
            }
            if !self.wait(pause).await {
                return;
            }
            pause = RETRY_PAUSES[1].min(pause * 2);
        }
    }

    /// Waits before the next attempt. Returns whether the bus is still used.
    async fn wait(&mut self, pause: Duration) -> bool {
        let pause = tokio::time::sleep(pause);
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause => return true,
                // The topics are compared after the pause.
                change = self.changes.recv() => if change.is_none() { return false },
            }
        }
    }

    /// Hears all topics on a new connection, and reads what was published meanwhile.
    async fn catch_up_all(
        &mut self,
        mut listener: Box<dyn Listener>,
    ) -> Result<Box<dyn Listener>, BoxError> {
        let wanted = self.shared.topics().clone();
        self.joined.retain(|topic, joined| {
            let state = wanted.get(topic);
            state.is_some_and(|state| Arc::ptr_eq(state, &joined.state))
        });
        for (topic, state) in wanted {
            if self.joined.contains_key(&topic) {
                timed(listener.add(&topic)).await?;
                self.catch_up(&topic).await?;
            } else {
                self.join(&mut *listener, topic, state).await?;
            }
        }
        Ok(listener)
    }

    /// Hands out what is announced, until the connection has failed (an error) or the bus is not used.
    async fn hear(&mut self, mut listener: Box<dyn Listener>) -> Result<(), BoxError> {
        loop {
            tokio::select! {
                change = self.changes.recv() => match change {
                    Some(topic) => self.change(&mut *listener, topic).await?,
                    None => return Ok(()),
                },
                announcement = timeout(CHECK_INTERVAL, listener.next()) => match announcement {
                    Ok(announcement) => self.announced(announcement?).await?,
                    Err(_) => timed(listener.check()).await?,
                },
            }
        }
    }

    /// Joins or leaves a topic, as its subscriptions are now.
    async fn change(&mut self, listener: &mut dyn Listener, topic: String) -> Result<(), BoxError> {
        let wanted = self.shared.topics().get(&topic).cloned();
        match wanted {
            Some(state) => {
                let joined = self.joined.get(&topic);
                if !joined.is_some_and(|joined| Arc::ptr_eq(&state, &joined.state)) {
                    self.join(listener, topic, state).await?;
                }
            }
            None => {
                if self.joined.remove(&topic).is_some() {
                    timed(listener.remove(&topic)).await?;
                }
            }
        }
        Ok(())
    }

    async fn join(
        &mut self,
        listener: &mut dyn Listener,
        topic: String,
        state: Arc<TopicState>,
    ) -> Result<(), BoxError> {
        timed(listener.add(&topic)).await?;
        // Read after it, so that a message is before this one, or is announced.
        let newest = self.shared.broker.newest(&topic).await?;
        state.is_joined.send_replace(true);
        self.joined.insert(topic, Joined { state, newest });
        Ok(())
    }

    async fn announced(&mut self, announcement: Announcement) -> Result<(), BoxError> {
        let Announcement { topic, id, body } = announcement;
        let Some(joined) = self.joined.get_mut(&topic) else {
            return Ok(());
        };
        if joined.newest >= Some(id) {
            return Ok(());
        }
        let follows = match joined.newest {
            Some(newest) => newest.next() == id,
            None => false,
        };
        match body {
            // The first message of an epoch follows all that was announced on this connection.
            Some(body) if follows || id.number() == 1 => joined.add(StoredMessage { id, body }),
            _ => self.catch_up(&topic).await?,
        }
        Ok(())
    }

    /// Reads what was published after the newest message that the subscriptions have.
    async fn catch_up(&mut self, topic: &str) -> Result<(), BoxError> {
        let Some(joined) = self.joined.get_mut(topic) else {
            return Ok(());
        };
        let broker = &self.shared.broker;
        let messages = broker.history(topic, joined.newest).await?;
        let missed = match messages.first() {
            Some(first) => missed(joined.newest, first.id),
            None if joined.newest == broker.newest(topic).await? => None,
            // The broker has lost its history.
            None => {
                joined.newest = None;
                Some(TopicEvent::Missed(None))
            }
        };
        if let Some(missed) = missed {
            let _ = joined.state.events.send(missed);
        }
        for message in messages {
            joined.add(message);
        }
        Ok(())
    }
}

impl Joined {
    fn add(&mut self, message: StoredMessage) {
        self.newest = Some(message.id);
        // The last subscription may have ended.
        let _ = self.state.events.send(TopicEvent::Message(message));
    }
}

/// What is told if messages are missing between two that follow each other in a history.
pub(crate) fn missed(seen: Option<MessageId>, first: MessageId) -> Option<TopicEvent> {
    let count = match seen {
        Some(seen) => seen.messages_until(first),
        None => Some(first.number().saturating_sub(1)),
    };
    (count != Some(0)).then_some(TopicEvent::Missed(count))
}

async fn timed<T, E: Into<BoxError>>(
    attempt: impl Future<Output = Result<T, E>>,
) -> Result<T, BoxError> {
    match timeout(CHECK_TIMEOUT, attempt).await {
        Ok(result) => result.map_err(Into::into),
        Err(_) => Err("the broker does not reply".into()),
    }
}
