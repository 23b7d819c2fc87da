//! The signals that ask a process to stop.

use std::future::Future;
use std::io;

use tokio::sync::oneshot;

/// The first is ready when the process is asked to stop, the second when it is asked again.
pub(super) fn asked_to_stop() -> io::Result<(impl Future<Output = ()>, impl Future<Output = ()>)> {
    let mut signals = Signals::new()?;
    let (asked, once) = oneshot::channel();
    let (asked_again, twice) = oneshot::channel();
    tokio::spawn(async move {
        signals.next().await;
        // Nobody may be waiting any more.
        let _ = asked.send(());
        signals.next().await;
        let _ = asked_again.send(());
    });
    let ready = |receiver: oneshot::Receiver<()>| async { receiver.await.unwrap_or_default() };
    Ok((ready(once), ready(twice)))
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => tracing::info!("SIGINT"),
            _ = self.terminate.recv() => tracing::info!("SIGTERM"),
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(error = error.to_string(), "Ctrl-C cannot be waited for");
            std::future::pending::<()>().await;
        }
    }
}
