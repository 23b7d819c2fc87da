//! systemd: sockets that it hands over, and the notifications `READY=1` and `STOPPING=1`.

use listenfd::ListenFd;
use sd_notify::NotifyState;

use crate::error::{Error, Result};

use super::listener::Listener;

impl Listener {
    /// The TCP and Unix sockets that systemd (or `systemfd`) hands over, in the order of their
    /// units; empty without such sockets. Call it once and first: it removes `LISTEN_FDS` from the
    /// environment.
    ///
    /// # Errors
    /// A socket that does not listen for streams.
    ///
    /// # Examples
    /// ```
    /// use resourceful::Listener;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let listener = match Listener::from_systemd()?.into_iter().next() {
    ///     Some(listener) => listener,
    ///     None => Listener::bind("127.0.0.1:0").await?,
    /// };
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_systemd() -> Result<Vec<Self>> {
        let mut sockets = ListenFd::from_env();
        (0..sockets.len())
            .map(|index| {
                let failed = |error| Error::internal(format!("socket {index} of systemd: {error}"));
                if let Ok(Some(listener)) = sockets.take_tcp_listener(index) {
                    return Self::try_from(listener);
                }
                match sockets.take_unix_listener(index).map_err(failed)? {
                    Some(listener) => Self::try_from(listener),
                    None => Err(Error::internal(format!(
                        "socket {index} of systemd is missing"
                    ))),
                }
            })
            .collect()
    }
}

/// Runs after the start hooks; the sockets are bound by then.
pub(super) fn notify_ready() {
    notify(NotifyState::Ready);
}

pub(super) fn notify_stopping() {
    notify(NotifyState::Stopping);
}

/// Does nothing without `NOTIFY_SOCKET`.
fn notify(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(error = error.to_string(), "cannot notify systemd");
    }
}
