//! [`Hub`]: hears a broker once for all subscriptions of this process.
//!
//! One task has the connection. It gives each topic its messages in their order, reads from the history what was not
//! announced, and says in the stream of the topic what the history has lost.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use resourceful::{BoxError, Error, Result};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::broker::{Announcement, Broker, Listener, StoredMessage};
use crate::envelope;
use crate::message_id::MessageId;

/// Events that wait for a slow subscription. One that is slower misses the oldest. Their place, some 40 KiB, is taken when a
/// topic is joined.
const WAITING: usize = 512;

/// Topics that are heard by one command.
const ADDED_AT_ONCE: usize = 500;

/// Histories that are read at the same time.
const READ_AT_ONCE: usize = 16;

/// Interval at which a history that could not be read is tried again.
const READ_AGAIN: Duration = Duration::from_secs(1);

/// Time that a subscription waits for the broker.
const JOIN_TIMEOUT: Duration = Duration::from_secs(2);

/// A connection on which nothing was heard for this time is checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(3);

/// Time limit for a check, and for each other use of the connection but waiting.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// Pauses between attempts to open a connection: from the first one, doubled up to the second one.
const RETRY_PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

/// An event of a topic, in the order of its messages.
#[derive(Clone, Debug)]
pub(crate) enum TopicEvent {
    Message(StoredMessage),
    /// So many messages were lost. `None`: their number is unknown.
    Missed(Option<u64>),
    /// Messages were lost, and those after this place follow.
    Lost(MessageId),
    /// The subscription was too slow, and has lost events before the next one.
    Dropped,
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
    /// `None`: the topic is not heard yet, so that messages which are published now may be lost without a word.
    places: watch::Sender<Option<Places>>,
}

/// The places of a topic that is heard.
#[derive(Clone, Copy)]
struct Places {
    /// The place from which on it is heard.
    begin: MessageId,
    /// The newest message that the subscriptions have.
    newest: MessageId,
}

impl TopicState {
    /// The events from now on, and their place, if the topic is heard.
    fn subscribe(&self) -> (broadcast::Receiver<TopicEvent>, Option<MessageId>) {
        // No event is sent while it is borrowed.
        let places = self.places.borrow();
        (self.events.subscribe(), places.map(|places| places.newest))
    }

    /// Waits until the topic is heard. Returns the place from which on it is.
    async fn joined(&self) -> MessageId {
        let mut places = self.places.subscribe();
        let places = places.wait_for(Option::is_some).await;
        match places.ok().and_then(|places| *places) {
            Some(places) => places.begin,
            // Not while the sender is here.
            None => std::future::pending().await,
        }
    }

    fn begin(&self, newest: MessageId) {
        let begin = newest;
        self.places.send_replace(Some(Places { begin, newest }));
    }

    fn newest(&self) -> Option<MessageId> {
        self.places.borrow().map(|places| places.newest)
    }

    /// Gives the events to the subscriptions, which are at this place after them.
    fn send(&self, events: impl IntoIterator<Item = TopicEvent>, place: MessageId) {
        self.places.send_modify(|places| {
            if let Some(places) = places {
                places.newest = place;
            }
            for event in events {
                // The last subscription may have ended.
                let _ = self.events.send(event);
            }
        });
    }
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
            behind: HashSet::new(),
        };
        tokio::spawn(task.run());
        Self { shared, changes }
    }

    /// The events of a topic from now on.
    ///
    /// # Errors
    /// 503 while the broker is away.
    pub(crate) async fn subscribe(self: &Arc<Self>, topic: &str) -> Result<TopicEvents> {
        let events = self.join(topic).await;
        if events.begin.is_none() {
            let error = Error::unavailable(Duration::from_secs(1));
            return Err(error.with_source("the broker of the bus is away"));
        }
        Ok(events)
    }

    /// The events of a topic from now on. While the broker is away, they begin when it is back, with `Lost`.
    pub(crate) async fn join(self: &Arc<Self>, topic: &str) -> TopicEvents {
        // It leaves if the future is dropped.
        let mut events = self.topic(topic);
        if events.begin.is_none() {
            let joined = timeout(JOIN_TIMEOUT, events.state.joined()).await;
            events.begin = joined.ok();
        }
        events
    }

    fn topic(self: &Arc<Self>, topic: &str) -> TopicEvents {
        let mut topics = self.shared.topics();
        let state = topics.get(topic).cloned().unwrap_or_else(|| {
            let state = Arc::new(TopicState {
                events: broadcast::Sender::new(WAITING),
                places: watch::Sender::new(None),
            });
            topics.insert(topic.to_owned(), Arc::clone(&state));
            self.changed(topic);
            state
        });
        let (events, begin) = state.subscribe();
        TopicEvents {
            hub: Arc::clone(self),
            topic: topic.to_owned(),
            state,
            events: Some(events),
            begin,
        }
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
    /// `None` while this is dropped.
    events: Option<broadcast::Receiver<TopicEvent>>,
    /// The place before the first event. `None`: the topic was not heard in time, and no one has been told.
    pub(crate) begin: Option<MessageId>,
}

impl TopicEvents {
    /// The next event. A dropped future loses none.
    pub(crate) async fn next(&mut self) -> TopicEvent {
        if self.begin.is_none() {
            let begin = self.state.joined().await;
            self.begin = Some(begin);
            return TopicEvent::Lost(begin);
        }
        let Some(events) = &mut self.events else {
            return std::future::pending().await;
        };
        match events.recv().await {
            Ok(event) => event,
            Err(broadcast::error::RecvError::Lagged(_)) => TopicEvent::Dropped,
            // Not while `state` has the sender.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for TopicEvents {
    fn drop(&mut self) {
        let mut topics = self.hub.shared.topics();
        // Under the lock: of two that are dropped at once, the second one sees that it is the last.
        self.events = None;
        if self.state.events.receiver_count() == 0 {
            topics.remove(&self.topic);
            self.hub.changed(&self.topic);
        }
    }
}

/// The task with the connection.
struct HubTask {
    shared: Arc<Shared>,
    changes: mpsc::UnboundedReceiver<String>,
    /// The topics that are heard.
    joined: HashMap<String, Arc<TopicState>>,
    /// Topics whose history could not be read.
    behind: HashSet<String>,
}

impl HubTask {
    async fn run(mut self) {
        let mut pause = RETRY_PAUSES[0];
        let mut is_away = false;
        loop {
            let error = match self.connect().await {
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

    /// Opens a connection, hears all topics on it, and reads what was published meanwhile.
    async fn connect(&mut self) -> Result<Box<dyn Listener>, BoxError> {
        let mut listener = timed(self.shared.broker.listen()).await?;
        let wanted = self.shared.topics().clone();
        self.joined.retain(|topic, joined| {
            let state = wanted.get(topic);
            state.is_some_and(|state| Arc::ptr_eq(state, joined))
        });
        let topics: Vec<_> = wanted.keys().cloned().collect();
        for topics in topics.chunks(ADDED_AT_ONCE) {
            timed(listener.add(topics)).await?;
        }
        self.behind = topics.into_iter().collect();
        self.read_behind().await;
        Ok(listener)
    }

    /// Hands out what is announced, until the connection has failed (an error) or the bus is not used.
    async fn hear(&mut self, mut listener: Box<dyn Listener>) -> Result<(), BoxError> {
        let mut read_again = interval(READ_AGAIN);
        read_again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut check = interval(CHECK_INTERVAL);
        check.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_silent = false;
        loop {
            tokio::select! {
                change = self.changes.recv() => match change {
                    Some(topic) => self.change(&mut *listener, topic).await?,
                    None => return Ok(()),
                },
                announcement = listener.next() => {
                    is_silent = false;
                    self.announced(announcement?).await;
                }
                _ = read_again.tick(), if !self.behind.is_empty() => self.read_behind().await,
                _ = check.tick() => {
                    if is_silent {
                        timed(listener.check()).await?;
                    }
                    is_silent = true;
                }
            }
        }
    }

    /// Joins or leaves a topic, as its subscriptions are now, and those that have changed meanwhile: many clients that
    /// connect again at once must not wait for one another.
    async fn change(&mut self, listener: &mut dyn Listener, topic: String) -> Result<(), BoxError> {
        let mut changed = HashSet::from([topic]);
        while changed.len() < ADDED_AT_ONCE
            && let Ok(topic) = self.changes.try_recv()
        {
            changed.insert(topic);
        }
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        {
            let topics = self.shared.topics();
            for topic in changed {
                let joined = self.joined.get(&topic);
                match topics.get(&topic) {
                    None => removed.push(topic),
                    Some(state) if joined.is_some_and(|it| Arc::ptr_eq(state, it)) => {}
                    Some(_) => added.push(topic),
                }
            }
        }
        if !added.is_empty() {
            timed(listener.add(&added)).await?;
            for topic in added {
                self.joined.remove(&topic);
                self.behind.insert(topic);
            }
            self.read_behind().await;
        }
        if !removed.is_empty() {
            for topic in &removed {
                self.joined.remove(topic);
                self.behind.remove(topic);
            }
            timed(listener.remove(&removed)).await?;
        }
        Ok(())
    }

    async fn announced(&mut self, announcement: Announcement) {
        let Announcement { topic, id, body } = announcement;
        let Some(joined) = self.joined.get(&topic) else {
            return;
        };
        let newest = joined.newest();
        if newest >= Some(id) {
            return;
        }
        let follows = newest.is_some_and(|newest| newest.next() == id);
        match body {
            // The first message of an epoch follows all that was announced on this connection.
            Some(body) if follows || id.number() == 1 => {
                joined.add(&topic, None, StoredMessage { id, body });
            }
            _ => {
                self.behind.insert(topic);
                self.read_behind().await;
            }
        }
    }

    /// Reads the histories of the topics that are behind. Those that cannot be read stay behind.
    async fn read_behind(&mut self) {
        let behind = std::mem::take(&mut self.behind).into_iter();
        let behind: Vec<_> = {
            let topics = self.shared.topics();
            let with_state = behind.filter_map(|topic| {
                let state = Arc::clone(topics.get(&topic)?);
                Some((topic, state))
            });
            with_state.collect()
        };
        let broker = &self.shared.broker;
        let reads = behind.into_iter().map(|(topic, state)| async move {
            let read = timed(Read::of(&**broker, &topic, state.newest())).await;
            (topic, state, read)
        });
        let mut reads = stream::iter(reads).buffer_unordered(READ_AT_ONCE);
        while let Some((topic, state, read)) = reads.next().await {
            match read {
                Ok(read) => {
                    state.add_read(&topic, read);
                    self.joined.insert(topic, state);
                }
                Err(error) => {
                    let error = error.to_string();
                    tracing::warn!(
                        topic,
                        error,
                        "the history of a topic of the bus was not read"
                    );
                    self.behind.insert(topic);
                }
            }
        }
    }
}

/// The result of reading a topic from the broker.
enum Read {
    /// The place at which subscriptions begin.
    Begin(MessageId),
    /// Messages after those that the subscriptions have.
    After(Vec<StoredMessage>),
    /// The history is lost, or an older one: this is its newest message.
    Lost(MessageId),
}

impl Read {
    /// Reads the messages after this one; `None`: the subscriptions begin.
    async fn of(broker: &dyn Broker, topic: &str, newest: Option<MessageId>) -> Result<Self> {
        let Some(newest) = newest else {
            return Ok(Self::Begin(newest_of(broker, topic).await?));
        };
        let messages = broker.history(topic, Some(newest)).await?;
        if messages.is_empty() {
            // A newer one is published just now, and will be announced.
            let there = newest_of(broker, topic).await?;
            if there < newest {
                return Ok(Self::Lost(there));
            }
        }
        Ok(Self::After(messages))
    }
}

/// The place of the newest message of a topic.
pub(crate) async fn newest_of(broker: &dyn Broker, topic: &str) -> Result<MessageId> {
    let newest = broker.newest(topic).await?;
    Ok(newest.unwrap_or_else(MessageId::start))
}

impl TopicState {
    fn add_read(&self, topic: &str, read: Read) {
        match read {
            // Read after the topic was heard, so that a message is before this one, or is announced.
            Read::Begin(newest) => self.begin(newest),
            Read::After(messages) => {
                for message in messages {
                    let newest = self.newest();
                    let missed = newest.and_then(|newest| missed(newest, message.id));
                    self.add(topic, missed, message);
                }
            }
            Read::Lost(newest) => self.send([TopicEvent::Lost(newest)], newest),
        }
    }

    /// Adds a message, and before it the event that tells of missing ones.
    fn add(&self, topic: &str, missed: Option<TopicEvent>, message: StoredMessage) {
        envelope::trace(topic, &message);
        let place = message.id;
        self.send(
            missed.into_iter().chain([TopicEvent::Message(message)]),
            place,
        );
    }
}

/// The event that tells of missing messages between two that follow each other in a history. `None`: none is missing.
pub(crate) fn missed(seen: MessageId, first: MessageId) -> Option<TopicEvent> {
    let count = seen.messages_until(first);
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
