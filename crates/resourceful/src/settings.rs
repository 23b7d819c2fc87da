//! What an application decided once for all its requests.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::task::TaskTracker;

use crate::error::Error;
use crate::problem::Problem;

/// The largest body that is read when nothing else was said: 2 MiB.
///
/// # Examples
/// ```
/// assert_eq!(resourceful::DEFAULT_BODY_LIMIT, 2_097_152);
/// ```
pub const DEFAULT_BODY_LIMIT: u64 = 2 * 1024 * 1024;

/// What a path means that differs from a route only in its last slash.
///
/// # Examples
/// ```
/// use resourceful::{App, TrailingSlash};
/// let app = App::new().trailing_slash(TrailingSlash::Strict);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrailingSlash {
    /// Sent to the registered spelling with 308, which keeps method and body.
    #[default]
    Redirect,
    /// Another path: 404.
    Strict,
    /// The same path: served.
    Ignore,
}

type ProblemHook = Arc<dyn Fn(&Error, Problem) -> Problem + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) body_limit: u64,
    pub(crate) trailing_slash: TrailingSlash,
    pub(crate) mounted_at: String,
    /// How long a request has; not asked for the time when nobody says.
    pub(crate) deadline: Option<Duration>,
    pub(crate) problems: Option<ProblemHook>,
    /// Unsafe requests whose client went away: they run to their end, and the drain waits.
    pub(crate) detached: TaskTracker,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_limit: DEFAULT_BODY_LIMIT,
            trailing_slash: TrailingSlash::default(),
            mounted_at: String::new(),
            deadline: None,
            problems: None,
            detached: TaskTracker::new(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("body_limit", &self.body_limit)
            .field("trailing_slash", &self.trailing_slash)
            .finish_non_exhaustive()
    }
}
