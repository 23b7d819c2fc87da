//! [`MessageId`]: the place of a message in its topic.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use crate::RETENTION;

/// The place of a message in its topic: the epoch of the history, and a number that counts from 1 in it. Written
/// `1732800000000-42`, for example as the id of an event.
///
/// Ids of one topic are ordered as their messages are. A history that was lost, or not used for a day, begins a new epoch.
///
/// # Examples
/// ```
/// let id: resourceful_bus::MessageId = "1732800000000-42".parse()?;
/// assert_eq!(id.to_string(), "1732800000000-42");
/// # Ok::<(), resourceful_bus::InvalidMessageId>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// Unix time of the first message, in milliseconds.
    epoch: u64,
    number: u64,
}

impl MessageId {
    /// The id of a message of this epoch (Unix time in milliseconds).
    #[must_use]
    pub fn new(epoch: u64, number: u64) -> Self {
        Self { epoch, number }
    }

    /// The id of the first message of an epoch that begins now.
    #[must_use]
    pub fn first() -> Self {
        Self::new(unix_time(), 1)
    }

    /// The place before all messages of a topic that has none: before all epochs, with the time.
    pub(crate) fn start() -> Self {
        Self::new(0, unix_time())
    }

    /// Whether this is the place of a topic that had no message for so long that a history may have begun and ended since.
    pub(crate) fn is_old_start(self) -> bool {
        let age = Duration::from_millis(unix_time().saturating_sub(self.number));
        self.epoch == 0 && age >= RETENTION
    }

    /// The id of the message after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self::new(self.epoch, self.number + 1)
    }

    /// Unix time of the first message of the epoch, in milliseconds.
    #[must_use]
    pub fn epoch(self) -> u64 {
        self.epoch
    }

    /// The number of the message in its epoch, from 1.
    #[must_use]
    pub fn number(self) -> u64 {
        self.number
    }

    /// The number of messages between this one and a later one. `None`: it is of another epoch.
    pub(crate) fn messages_until(self, later: Self) -> Option<u64> {
        if self.epoch == 0 && later.number == 1 {
            // The first message of a topic.
            return Some(0);
        }
        (self.epoch == later.epoch).then(|| later.number.saturating_sub(self.number + 1))
    }
}

/// In milliseconds.
fn unix_time() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    u64::try_from(now.unwrap_or_default().as_millis()).unwrap_or_default()
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.number)
    }
}

impl FromStr for MessageId {
    type Err = InvalidMessageId;

    fn from_str(text: &str) -> Result<Self, InvalidMessageId> {
        let parts = text.split_once('-').ok_or(InvalidMessageId)?;
        let number = |digits: &str| {
            let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.parse::<u64>().ok().filter(|_| are_digits);
            // A column of a database and the ids of Redis have room for it.
            number.filter(|number| i64::try_from(*number).is_ok())
        };
        match (number(parts.0), number(parts.1)) {
            (Some(epoch), Some(number)) => Ok(Self { epoch, number }),
            _ => Err(InvalidMessageId),
        }
    }
}

/// A text is no [`MessageId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidMessageId;

impl fmt::Display for InvalidMessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the id of a message is two numbers with `-` between them")
    }
}

impl std::error::Error for InvalidMessageId {}
