//! The signals that stop a process: SIGINT and SIGTERM.

use std::future::Future;
use std::io;

use tokio::sync::oneshot;

/// The first future is ready after the first signal, the second after the second.
pub(super) fn shutdown_signals() -> io::Result<(impl Future<Output = ()>, impl Future<Output = ()>)>
{
    let mut signals = Signals::new()?;
    let (first, on_first) = oneshot::channel();
    let (second, on_second) = oneshot::channel();
    tokio::spawn(async move {
        // The receivers are gone if the server has ended.
        signals.next().await;
        let _ = first.send(());
        signals.next().await;
        let _ = second.send(());
    });
    let ready = |receiver: oneshot::Receiver<()>| async { receiver.await.unwrap_or_default() };
    Ok((ready(on_first), ready(on_second)))
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
            tracing::error!(error = error.to_string(), "cannot wait for Ctrl-C");
            std::future::pending::<()>().await;
        }
    }
}
