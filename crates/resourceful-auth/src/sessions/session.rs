//! [`Session`]: the session of a request, with its data.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::sessions::id::SessionKey;
use crate::sessions::store::StoredSession;

/// The session of a request, from [`Sessions::session`](crate::Sessions::session).
///
/// [`Sessions::save`](crate::Sessions::save) stores a change of its data.
///
/// # Examples
/// See [`Sessions::save`](crate::Sessions::save).
pub struct Session<T> {
    pub(super) key: SessionKey,
    pub(super) version: i64,
    pub(super) owner: Arc<str>,
    pub(super) info: SessionInfo,
    /// The data.
    pub data: T,
}

impl<T> Session<T> {
    /// The owner, as [`sign_in`](crate::Sessions::sign_in) got it.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The times of the session.
    #[must_use]
    pub fn info(&self) -> SessionInfo {
        self.info
    }
}

/// Omits the owner and the data.
impl<T> fmt::Debug for Session<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

/// The times of a session: [`Sessions::list`](crate::Sessions::list) shows them to its owner.
///
/// # Examples
/// See [`Sessions::list`](crate::Sessions::list).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    created_at: i64,
    last_seen_at: i64,
}

impl SessionInfo {
    pub(super) fn new(session: &StoredSession) -> Self {
        Self {
            created_at: session.created_at,
            last_seen_at: session.last_seen_at,
        }
    }

    /// The time of the sign-in.
    #[must_use]
    pub fn created_at(self) -> SystemTime {
        time(self.created_at)
    }

    /// The time of the last request, less up to a minute.
    #[must_use]
    pub fn last_seen_at(self) -> SystemTime {
        time(self.last_seen_at)
    }
}

fn time(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.try_into().unwrap_or(0))
}
