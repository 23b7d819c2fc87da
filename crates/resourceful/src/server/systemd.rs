//! Sockets that systemd hands over, and word to it when the server is ready and when it stops.

use listenfd::ListenFd;
use sd_notify::NotifyState;

use crate::error::{Error, Result};

use super::listener::Listener;

impl Listener {
    /// The sockets that systemd (or `systemfd`) hands over, in the order of their units: TCP and
    /// Unix ones. None, where there are none. To be asked once, and first of all: it takes
    /// `LISTEN_FDS` out of the environment.
    ///
    /// # Errors
    /// One of them does not listen for streams.
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
        let mut handed = ListenFd::from_env();
        (0..handed.len())
            .map(|index| {
                let fault = |error| Error::internal(format!("socket {index} of systemd: {error}"));
                if let Ok(Some(listener)) = handed.take_tcp_listener(index) {
                    return Self::try_from(listener);
                }
                match handed.take_unix_listener(index).map_err(fault)? {
                    Some(listener) => Self::try_from(listener),
                    None => Err(Error::internal(format!(
                        "socket {index} of systemd is gone"
                    ))),
                }
            })
            .collect()
    }
}

/// The last start hook: the others are through, and the sockets are there.
pub(super) async fn say_ready() -> Result<()> {
    say(NotifyState::Ready);
    Ok(())
}

pub(super) fn say_stopping() {
    say(NotifyState::Stopping);
}

/// Without `NOTIFY_SOCKET` there is nobody to say it to.
fn say(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(error = error.to_string(), "systemd could not be told");
    }
}
