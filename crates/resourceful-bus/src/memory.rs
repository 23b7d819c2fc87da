//! [`MemoryBroker`]: messages within one process.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use resourceful::{BoxError, Result};
use tokio::sync::broadcast;
use tokio::time::{Duration, Instant};

use crate::broker::{Announcement, Broker, Listener, StoredMessage};
use crate::message_id::MessageId;
use crate::{HISTORY, MAX_HISTORY, RETENTION};

/// Announcements that wait for the hub. After more it reads the histories.
const WAITING: usize = 1024;

/// Interval for the removal of histories that nobody uses.
const CLEANUP_INTERVAL: Duration = Duration::from_secs(60);

/// Carries messages within this process, for tests and for programs with one process.
///
/// # Examples
/// ```
/// use resourceful_bus::{Bus, MemoryBroker};
///
/// let bus = Bus::new(MemoryBroker::default().with_history(1000));
/// ```
#[derive(Clone, Debug)]
pub struct MemoryBroker {
    topics: Arc<Mutex<Topics>>,
    announcements: broadcast::Sender<Announcement>,
    history: usize,
}

#[derive(Debug)]
struct Topics {
    histories: HashMap<String, History>,
    cleaned_at: Instant,
}

#[derive(Debug)]
struct History {
    newest: MessageId,
    messages: VecDeque<StoredMessage>,
    published_at: Instant,
}

impl Default for MemoryBroker {
    fn default() -> Self {
        Self {
            topics: Arc::new(Mutex::new(Topics {
                histories: HashMap::new(),
                cleaned_at: Instant::now(),
            })),
            announcements: broadcast::Sender::new(WAITING),
            history: HISTORY,
        }
    }
}

impl MemoryBroker {
    /// Sets the number of messages that the history of each topic has (default: 256; 1 to 1,000), for
    /// clients that resume. A subscription that goes on after an outage gets at most 512 at once.
    #[must_use]
    pub fn with_history(mut self, messages: usize) -> Self {
        self.history = messages.clamp(1, MAX_HISTORY);
        self
    }

    fn topics(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Topics {
    fn remove_unused(&mut self, now: Instant) {
        if now - self.cleaned_at >= CLEANUP_INTERVAL {
            self.cleaned_at = now;
            self.histories
                .retain(|_, history| now - history.published_at < RETENTION);
        }
    }
}

#[async_trait]
impl Broker for MemoryBroker {
    async fn publish(&self, topic: &str, body: Bytes) -> Result<MessageId> {
        let mut topics = self.topics();
        let now = Instant::now();
        topics.remove_unused(now);
        let histories = &mut topics.histories;
        let id = match histories.get(topic) {
            Some(history) => history.newest.next(),
            None => MessageId::first(),
        };
        let history = histories
            .entry(topic.to_owned())
            .or_insert_with(|| History {
                newest: id,
                messages: VecDeque::new(),
                published_at: now,
            });
        history.newest = id;
        history.published_at = now;
        if history.messages.len() >= self.history {
            history.messages.pop_front();
        }
        let message = StoredMessage {
            id,
            body: body.clone(),
        };
        history.messages.push_back(message);
        // Announced under the lock, in the order of the ids. Without a listener nobody needs it.
        let _ = self.announcements.send(Announcement {
            topic: topic.to_owned(),
            id,
            body: Some(body),
        });
        Ok(id)
    }

    async fn history(&self, topic: &str, after: Option<MessageId>) -> Result<Vec<StoredMessage>> {
        let topics = self.topics();
        let Some(history) = topics.histories.get(topic) else {
            return Ok(Vec::new());
        };
        let messages = history.messages.iter();
        let messages = messages.filter(|message| Some(message.id) > after);
        Ok(messages.cloned().collect())
    }

    async fn newest(&self, topic: &str) -> Result<Option<MessageId>> {
        Ok(self
            .topics()
            .histories
            .get(topic)
            .map(|history| history.newest))
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, BoxError> {
        Ok(Box::new(MemoryListener {
            announcements: self.announcements.subscribe(),
            topics: HashSet::new(),
        }))
    }
}

struct MemoryListener {
    announcements: broadcast::Receiver<Announcement>,
    topics: HashSet<String>,
}

#[async_trait]
impl Listener for MemoryListener {
    async fn add(&mut self, topics: &[String]) -> Result<(), BoxError> {
        self.topics.extend(topics.iter().cloned());
        Ok(())
    }

    async fn remove(&mut self, topics: &[String]) -> Result<(), BoxError> {
        self.topics.retain(|topic| !topics.contains(topic));
        Ok(())
    }

    async fn next(&mut self) -> Result<Announcement, BoxError> {
        loop {
            let announcement = self.announcements.recv().await?;
            if self.topics.contains(&announcement.topic) {
                return Ok(announcement);
            }
        }
    }

    async fn check(&mut self) -> Result<(), BoxError> {
        Ok(())
    }
}
