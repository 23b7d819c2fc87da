//! One connection to the server, kept by a task of its own.
//!
//! The `redis` crate's `ConnectionManager` makes a connection anew when it breaks, but not when it
//! stays open and silent; and it opens its streams itself, so that their replies cannot be bounded.

use std::io;
use std::pin::Pin;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionAddr, ConnectionInfo, ErrorKind, RedisError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::redis::reply_limit::LimitedReplies;

/// How long each address of a server has to accept a connection, and then the server to let us in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Dropped, it is closed, whatever it waits for.
#[derive(Debug)]
pub(super) struct Connection {
    opening: Opening,
    task: AbortHandle,
}

/// The outcome of connecting, once it is known.
type Outcome = Result<MultiplexedConnection, RedisError>;

/// A connection that may still have to be made.
#[derive(Clone, Debug)]
pub(super) struct Opening(watch::Receiver<Option<Outcome>>);

/// Carries commands and replies until the connection ends.
type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Connection {
    /// Begins to connect, in the background: that may take longer than an operation has.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(super) fn open(info: ConnectionInfo, max_string: usize) -> Self {
        let (outcome, opening) = watch::channel(None);
        let task = tokio::spawn(async move {
            match connect(&info, max_string).await {
                Ok((connection, driver)) => {
                    outcome.send_replace(Some(Ok(connection)));
                    driver.await;
                }
                Err(error) => {
                    outcome.send_replace(Some(Err(error)));
                }
            }
        });
        Self {
            opening: Opening(opening),
            task: task.abort_handle(),
        }
    }

    pub(super) fn opening(&self) -> Opening {
        self.opening.clone()
    }

    pub(super) fn is_of(&self, opening: &Opening) -> bool {
        self.opening.0.same_channel(&opening.0)
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

impl Opening {
    /// The connection, when it is made.
    pub(super) async fn opened(&mut self) -> Outcome {
        let outcome = self.0.wait_for(Option::is_some).await;
        match outcome.as_deref() {
            Ok(Some(outcome)) => outcome.clone(),
            _ => Err(io::Error::from(io::ErrorKind::ConnectionAborted).into()),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(&*self.0.borrow(), Some(Ok(_)))
    }
}

async fn connect(
    info: &ConnectionInfo,
    max_string: usize,
) -> Result<(MultiplexedConnection, Driver), RedisError> {
    match info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            let stream = connect_tcp(host, *port).await?;
            log_in(info, LimitedReplies::new(stream, max_string)).await
        }
        #[cfg(unix)]
        ConnectionAddr::Unix(path) => {
            let stream = tokio::net::UnixStream::connect(path).await?;
            log_in(info, LimitedReplies::new(stream, max_string)).await
        }
        _ => Err((
            ErrorKind::InvalidClientConfig,
            "the address is not supported",
        )
            .into()),
    }
}

async fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut outcome = Err(io::Error::from(io::ErrorKind::NotFound));
    for address in lookup_host((host, port)).await? {
        outcome = match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(outcome) => outcome,
            Err(late) => Err(late.into()),
        };
        if outcome.is_ok() {
            break;
        }
    }
    let stream = outcome?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn log_in(
    info: &ConnectionInfo,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<(MultiplexedConnection, Driver), RedisError> {
    // An operation has its own time.
    let config = AsyncConnectionConfig::new().set_response_timeout(None);
    let connecting = MultiplexedConnection::new_with_config(info.redis_settings(), stream, config);
    let (connection, driver) = timeout(CONNECT_TIMEOUT, connecting)
        .await
        .map_err(io::Error::from)??;
    Ok((connection, Box::pin(driver)))
}
