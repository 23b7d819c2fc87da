//! The signals that ask a process to stop.

use std::future::Future;
use std::io;

/// Ready when the process is asked to stop: by Ctrl-C or, on Unix, SIGTERM.
///
/// The handlers are in place when this returns, before the first request is served.
#[cfg(unix)]
pub(super) fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => tracing::info!("SIGINT"),
            _ = terminate.recv() => tracing::info!("SIGTERM"),
        }
    })
}

/// Ready when the process is asked to stop by Ctrl-C.
#[cfg(not(unix))]
pub(super) fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl-C cannot be waited for");
            std::future::pending::<()>().await;
        }
    })
}
