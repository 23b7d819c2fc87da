//! Closes connections that exceed a timeout. One periodic task checks all of them.
//!
//! hyper creates its own timers anew for every request, which costs a tenth of a small request.
//! Here a connection records its progress in its [`ConnectionState`]. The watchdog, a task of the
//! server, compares the progress with that of its last check and wakes connections that exceed a
//! timeout.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, interval};

use super::close_reason::CloseReason;
use super::config::ServerConfig;
use super::connection_state::ConnectionState;
use super::request_phase::Phase;

/// The connections of a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Watchdog(Arc<Mutex<Vec<WatchedConnection>>>);

impl Watchdog {
    /// The state of a new connection, which is watched until it is dropped.
    pub(super) fn watch(&self) -> Arc<ConnectionState> {
        let state = Arc::new(ConnectionState::default());
        self.lock().push(WatchedConnection::new(&state));
        state
    }

    /// Checks all connections periodically.
    pub(super) async fn run(self, config: Arc<ServerConfig>) {
        let mut period = interval(period(&config));
        loop {
            let now = period.tick().await;
            self.lock().retain_mut(|watched| {
                let state = watched.state.upgrade();
                if let Some(state) = &state
                    && let Some(reason) = watched.exceeded(state, now, &config)
                {
                    state.request_close(reason);
                }
                state.is_some()
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<WatchedConnection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An eighth of the shortest timeout, at most 1 s: no timeout is exceeded by more.
fn period(config: &ServerConfig) -> Duration {
    let timeouts = [
        config.header_read_timeout,
        config.idle_timeout,
        config.write_timeout,
    ];
    let shortest = timeouts.into_iter().min().unwrap_or_default();
    (shortest / 8).clamp(Duration::from_millis(5), Duration::from_secs(1))
}

/// A connection, with the progress that the watchdog saw last and the time since then.
#[derive(Debug)]
struct WatchedConnection {
    state: Weak<ConnectionState>,
    progress: Progress,
    progress_since: Instant,
    writing: Writing,
    writing_since: Instant,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Progress {
    phase: Phase,
    requests: u32,
    writes: u32,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Writing {
    is_blocked: bool,
    writes: u32,
}

impl WatchedConnection {
    fn new(state: &Arc<ConnectionState>) -> Self {
        let now = Instant::now();
        Self {
            state: Arc::downgrade(state),
            progress: Progress::default(),
            progress_since: now,
            writing: Writing::default(),
            writing_since: now,
        }
    }

    /// The timeout that the connection exceeds now, if any.
    fn exceeded(
        &mut self,
        state: &ConnectionState,
        now: Instant,
        config: &ServerConfig,
    ) -> Option<CloseReason> {
        let phase = match state.requests.current() {
            Phase::Http2 if state.http2.has_streams() => Phase::Serving,
            phase => phase,
        };
        let writes = state.writes.writes();
        let requests = state.requests.requests();
        let progress = Progress {
            phase,
            requests,
            writes,
        };
        if self.progress != progress {
            (self.progress, self.progress_since) = (progress, now);
        }
        let has_queued_chunks = state.http2.has_queued_chunks();
        let is_blocked = has_queued_chunks || state.writes.is_blocked();
        let writing = Writing { is_blocked, writes };
        if self.writing != writing {
            (self.writing, self.writing_since) = (writing, now);
        }
        if is_blocked {
            // Over HTTP/2 the stream is ended first, with a GOAWAY that the client can read.
            let times = if has_queued_chunks { 2 } else { 1 };
            let timeout = config.write_timeout.saturating_mul(times);
            let is_exceeded = now - self.writing_since >= timeout;
            return is_exceeded.then_some(CloseReason::Stalled);
        }
        let (timeout, reason) = match phase {
            Phase::ReadingHead => (config.header_read_timeout, CloseReason::SlowHead),
            Phase::Responded => (config.idle_timeout, CloseReason::Idle),
            Phase::Http2 => (config.idle_timeout, CloseReason::GoAway),
            Phase::Serving => return None,
        };
        (now - self.progress_since >= timeout).then_some(reason)
    }
}
