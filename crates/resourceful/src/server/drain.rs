//! [`DrainSender`] and [`DrainReceiver`]: the acceptor tells its connections how far the shutdown is.

use std::future::pending;

use tokio::sync::watch;

/// The stage of the shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// No one has asked the server to stop.
    Serving,
    /// The server will stop: a response over HTTP/1 closes its connection, so that the next request of the client goes
    /// to another server.
    Announced,
    /// Idle connections are closed. A client that has sent no request yet, or a part of a head, may still send it.
    Draining,
    /// Every connection without a request is closed.
    Closing,
}

/// The side of the acceptor.
#[derive(Clone, Debug)]
pub(super) struct DrainSender {
    sender: watch::Sender<Stage>,
    /// It has never seen a change. So each of its clones has one to see from the first stage on.
    unchanged: watch::Receiver<Stage>,
}

impl DrainSender {
    pub(super) fn new() -> Self {
        let (sender, unchanged) = watch::channel(Stage::Serving);
        Self { sender, unchanged }
    }

    pub(super) fn begin(&self, stage: Stage) {
        self.sender.send_replace(stage);
    }

    pub(super) fn subscribe(&self) -> DrainReceiver {
        DrainReceiver(self.unchanged.clone())
    }
}

/// The side of a connection.
#[derive(Clone, Debug)]
pub(super) struct DrainReceiver(watch::Receiver<Stage>);

impl DrainReceiver {
    /// Will the server stop? One load answers, since every request asks.
    #[inline]
    pub(super) fn is_announced(&self) -> bool {
        !matches!(self.0.has_changed(), Ok(false))
    }

    pub(super) fn is_at(&self, stage: Stage) -> bool {
        *self.0.borrow() >= stage
    }

    pub(super) async fn reached(&self, stage: Stage) {
        // Fails if the acceptor is dropped, which is later than each stage.
        let _ = self.0.clone().wait_for(|current| *current >= stage).await;
    }

    /// Never ends. Each poll registers the task for the next change.
    pub(super) async fn wake_at_changes(&self) {
        let mut changes = self.0.clone();
        while changes.changed().await.is_ok() {}
        pending::<()>().await;
    }
}
