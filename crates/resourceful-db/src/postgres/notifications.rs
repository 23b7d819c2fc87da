//! [`Notifications`]: a connection that hears `NOTIFY`.

use std::future::poll_fn;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_postgres::{AsyncMessage, Client, Config};

use crate::error::DbError;
use crate::postgres::tls::Tls;

/// Silence after which the system asks whether the server is still there.
const KEEPALIVE: Duration = Duration::from_secs(10);

/// Notifications that wait to be read. With more the connection is ended: a reader that is so slow has to begin anew.
const WAITING: usize = 4096;

/// A connection of its own that hears `NOTIFY`: for resourceful-bus.
#[derive(Debug)]
pub struct Notifications {
    client: Client,
    payloads: mpsc::Receiver<String>,
    task: JoinHandle<()>,
}

impl Notifications {
    /// Opens the connection.
    pub(super) async fn open(mut config: Config, tls: Tls) -> Result<Self, DbError> {
        config.keepalives_idle(KEEPALIVE);
        let (client, mut connection) = Box::pin(config.connect(tls.0)).await?;
        let (sender, payloads) = mpsc::channel(WAITING);
        let task = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await
            {
                if let AsyncMessage::Notification(notification) = message
                    && sender.try_send(notification.payload().to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self {
            client,
            payloads,
            task,
        })
    }

    /// Hears these channels, whose names are SQL identifiers of lower-case letters, digits and `_`.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn listen(&self, channels: &[String]) -> Result<(), DbError> {
        let listen = channels.iter().map(|channel| format!("LISTEN {channel};"));
        self.run(&listen.collect::<String>()).await
    }

    /// Hears these channels no longer.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn unlisten(&self, channels: &[String]) -> Result<(), DbError> {
        let unlisten = channels
            .iter()
            .map(|channel| format!("UNLISTEN {channel};"));
        self.run(&unlisten.collect::<String>()).await
    }

    /// Whether the server replies.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn check(&self) -> Result<(), DbError> {
        self.run("").await
    }

    /// The payload of the next notification. A dropped future loses none.
    ///
    /// # Errors
    /// If the connection has ended.
    pub async fn next(&mut self) -> Result<String, DbError> {
        let payload = self.payloads.recv().await;
        payload.ok_or_else(|| DbError::unavailable("the connection that listens has ended"))
    }

    async fn run(&self, sql: &str) -> Result<(), DbError> {
        Ok(self.client.batch_execute(sql).await?)
    }
}

impl Drop for Notifications {
    fn drop(&mut self) {
        self.task.abort();
    }
}
