//! One connection to the server, driven by a background task.
//!
//! The `redis` crate's `ConnectionManager` reconnects when a connection breaks, but not when it
//! stays open and silent. It also opens its streams itself, so their replies cannot be limited.

use std::io;
use std::pin::Pin;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisError};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::redis::reply_limit::LimitedReplies;
use crate::redis::server_address::{CONNECT_TIMEOUT, ServerAddress};

/// A connection that closes on drop, even while connecting.
#[derive(Debug)]
pub(super) struct Connection {
    handle: ConnectionHandle,
    task: AbortHandle,
}

/// Result of connecting.
type ConnectResult = Result<MultiplexedConnection, RedisError>;

/// Handle to a connection that may still be connecting.
#[derive(Clone, Debug)]
pub(super) struct ConnectionHandle(watch::Receiver<Option<ConnectResult>>);

/// Carries commands and replies until the connection ends.
type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Connection {
    /// Starts to connect in the background, because that may take longer than an operation's timeout.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(super) fn open(address: ServerAddress, max_string_size: usize) -> Self {
        let (result, handle) = watch::channel(None);
        let task = tokio::spawn(async move {
            match connect(&address, max_string_size).await {
                Ok((connection, driver)) => {
                    result.send_replace(Some(Ok(connection)));
                    driver.await;
                }
                Err(error) => {
                    result.send_replace(Some(Err(error)));
                }
            }
        });
        Self {
            handle: ConnectionHandle(handle),
            task: task.abort_handle(),
        }
    }

    pub(super) fn handle(&self) -> ConnectionHandle {
        self.handle.clone()
    }

    pub(super) fn is_of(&self, handle: &ConnectionHandle) -> bool {
        self.handle.0.same_channel(&handle.0)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ConnectionHandle {
    /// Waits until connecting has ended and returns the connection.
    pub(super) async fn connected(&mut self) -> ConnectResult {
        let result = self.0.wait_for(Option::is_some).await;
        match result.as_deref() {
            Ok(Some(result)) => result.clone(),
            _ => Err(io::Error::from(io::ErrorKind::ConnectionAborted).into()),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(&*self.0.borrow(), Some(Ok(_)))
    }
}

async fn connect(
    address: &ServerAddress,
    max_string_size: usize,
) -> Result<(MultiplexedConnection, Driver), RedisError> {
    let stream = LimitedReplies::new(address.connect().await?, max_string_size);
    // `Redis` limits the time of each operation itself.
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let connecting = MultiplexedConnection::new_with_config(address.settings(), stream, config);
    let (connection, driver) = timeout(CONNECT_TIMEOUT, connecting)
        .await
        .map_err(io::Error::from)??;
    Ok((connection, Box::pin(driver)))
}
