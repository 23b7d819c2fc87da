//! Accepts connections until the server stops, then drains them.

use std::future::{Future, poll_fn};
use std::io::ErrorKind;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::Poll;
use std::time::Duration;
use std::{io, mem};

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::error::{Error, Result};
use crate::metrics::{ConnectionGauge, describe, refused};
use crate::proto::connection_info::ConnectionInfo;

use super::application::{Application, Lifecycle, ShutdownStage};
use super::config::ServerConfig;
use super::connection::Connection;
use super::drain::{DrainReceiver, DrainSender, Stage};
use super::io::Protocol;
use super::listener::{Accepted, Listener};
use super::peer_limit::{ConnectionPermit, PeerLimit};
use super::watchdog::Watchdog;
use super::{http1, http2};

/// The wait after a failed accept (no descriptors left). It doubles with each failure.
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// Time in which a client that has sent no request yet may send it: this part of the shutdown timeout, and at most so long.
const HEAD_GRACE_PART: u32 = 10;
const MAX_HEAD_GRACE: Duration = Duration::from_secs(2);

/// The listeners and their connections.
pub(super) struct Acceptor {
    application: Arc<dyn ServeConnection>,
    config: Arc<ServerConfig>,
    listeners: Vec<Listener>,
    connections: JoinSet<()>,
    /// The tasks of HTTP/2 streams, which outlive their connection.
    streams: TaskTracker,
    /// The unsent bytes of HTTP/2 responses, of all connections.
    unsent: Arc<AtomicUsize>,
    peers: PeerLimit,
    watchdog: Watchdog,
    drain: DrainSender,
    /// The tasks of the watchdog and of the reload of certificates.
    _tasks: Vec<AbortOnDropHandle<()>>,
}

impl Acceptor {
    pub(super) fn new(
        application: Arc<dyn ServeConnection>,
        listeners: Vec<Listener>,
        config: ServerConfig,
    ) -> Self {
        describe();
        let config = Arc::new(config);
        let watchdog = Watchdog::default();
        let running = tokio::spawn(watchdog.clone().run(Arc::clone(&config)));
        #[cfg_attr(not(feature = "tls"), expect(unused_mut, reason = "TLS adds tasks"))]
        let mut tasks = vec![AbortOnDropHandle::new(running)];
        #[cfg(feature = "tls")]
        for tls in listeners.iter().filter_map(|listener| listener.tls.clone()) {
            tasks.push(AbortOnDropHandle::new(tokio::spawn(tls.reload_on_change())));
        }
        Self {
            application,
            config,
            listeners,
            connections: JoinSet::new(),
            streams: TaskTracker::new(),
            unsent: Arc::default(),
            peers: PeerLimit::default(),
            watchdog,
            drain: DrainSender::new(),
            _tasks: tasks,
        }
    }

    /// Accepts until `stop` is ready and the shutdown delay is over.
    pub(super) async fn accept_until(&mut self, stop: impl Future<Output = ()>) {
        let application = Arc::clone(&self.application);
        let (drain, delay) = (self.drain.clone(), self.config.shutdown_delay);
        let mut stopped = pin!(async {
            stop.await;
            application.shutdown(ShutdownStage::Announced);
            drain.begin(Stage::Announced);
            sleep(delay).await;
        });
        let mut backoff = MIN_BACKOFF;
        let mut turn = 0_usize;
        loop {
            let has_room = self.connections.len() < self.config.max_connections.max(1);
            tokio::select! {
                () = &mut stopped => return,
                accepted = next_accepted(&self.listeners, turn), if has_room => match accepted {
                    Ok(accepted) => {
                        backoff = MIN_BACKOFF;
                        turn = turn.wrapping_add(1);
                        self.serve(accepted);
                    }
                    Err(error) => {
                        accept_failed(&error);
                        turn = turn.wrapping_add(1);
                        tokio::select! {
                            () = sleep(backoff) => {}
                            // A connection that ends frees its descriptor.
                            Some(_) = self.connections.join_next() => {}
                        }
                        backoff = (backoff * 2).min(MAX_BACKOFF);
                    }
                },
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    fn serve(&mut self, accepted: Accepted) {
        let Accepted { stream, peer, .. } = accepted;
        let permit = match peer.map(|peer| peer.ip().to_canonical()) {
            Some(client) if !client.is_loopback() => {
                let limit = self.config.max_connections_per_peer.max(1);
                let permit = self.peers.acquire(client, limit);
                if permit.is_none() {
                    tracing::debug!(%client, "too many connections");
                    refused("connections_per_peer");
                    return;
                }
                permit
            }
            // A client on the same machine may be a proxy for all others.
            _ => None,
        };
        let connection = Box::new(Connection {
            stream,
            info: ConnectionInfo {
                peer,
                is_encrypted: false,
                client: None,
            },
            config: Arc::clone(&self.config),
            streams: self.streams.clone(),
            unsent: Arc::clone(&self.unsent),
            state: self.watchdog.watch(),
            #[cfg(feature = "tls")]
            tls: accepted.tls,
        });
        let drain = self.drain.subscribe();
        let guard = ConnectionGuard {
            _permit: permit,
            _gauge: ConnectionGauge::new(),
        };
        self.application
            .spawn(connection, guard, drain, &mut self.connections);
    }

    /// Accepts the connections that wait: their requests may have been sent.
    fn accept_waiting(&mut self, listener: &Listener) {
        for _ in 0..self.config.max_connections.max(1) {
            match listener.accept_waiting() {
                Ok(accepted) => self.serve(accepted),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // This one has gone.
                Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    accept_failed(&error);
                    return;
                }
            }
        }
    }

    /// Finishes running requests, until the shutdown timeout is over or `abort` is ready.
    ///
    /// # Errors
    /// Connections or requests that are not finished.
    pub(super) async fn drain(mut self, abort: impl Future<Output = ()>) -> Result<()> {
        for mut listener in mem::take(&mut self.listeners) {
            listener.remove_file();
            self.accept_waiting(&listener);
        }
        self.application.shutdown(ShutdownStage::Draining);
        tracing::info!(connections = self.connections.len(), "draining");
        self.drain.begin(Stage::Draining);
        let streams = &self.streams;
        let finish = async {
            let connections = &mut self.connections;
            let grace = self.config.shutdown_timeout / HEAD_GRACE_PART;
            let _ = timeout(grace.min(MAX_HEAD_GRACE), async {
                while connections.join_next().await.is_some() {}
            })
            .await;
            self.drain.begin(Stage::Closing);
            while self.connections.join_next().await.is_some() {}
            // A stream that ends may detach its request, so streams are awaited first.
            streams.close();
            streams.wait().await;
            self.application.finish().await;
        };
        let is_finished = tokio::select! {
            result = timeout(self.config.shutdown_timeout, finish) => result.is_ok(),
            () = abort => false,
        };
        if is_finished {
            tracing::info!("stopped");
            return Ok(());
        }
        let left = self.connections.len() + streams.len() + self.application.unfinished();
        self.application.shutdown(ShutdownStage::Aborted);
        tracing::error!(left, "stopped with connections or requests unfinished");
        Err(Error::internal(format!(
            "stopped with {left} connections or requests unfinished"
        )))
    }
}

fn accept_failed(error: &io::Error) {
    tracing::warn!(error = error.to_string(), "cannot accept a connection");
    refused("accept");
}

/// Counts as a connection until dropped.
pub(super) struct ConnectionGuard {
    _permit: Option<ConnectionPermit>,
    _gauge: ConnectionGauge,
}

/// Serves connections with an application of any type. Only this trait erases the type.
pub(super) trait ServeConnection: Lifecycle {
    /// Spawns the task of a connection.
    fn spawn(
        &self,
        connection: Box<Connection>,
        guard: ConnectionGuard,
        drain: DrainReceiver,
        tasks: &mut JoinSet<()>,
    );
}

impl<A: Application> ServeConnection for A {
    fn spawn(
        &self,
        connection: Box<Connection>,
        guard: ConnectionGuard,
        drain: DrainReceiver,
        tasks: &mut JoinSet<()>,
    ) {
        let application = self.clone();
        tasks.spawn(async move {
            serve(connection, application, &drain).await;
            drop(guard);
        });
    }
}

/// Serves until the client closes the connection, or the server drains and the running requests are
/// finished.
async fn serve<A: Application>(connection: Box<Connection>, application: A, drain: &DrainReceiver) {
    let limit = connection.config.header_read_timeout;
    // An idle HTTP/1 connection does not need the large futures, so they are boxed.
    let started = tokio::select! {
        // A request that was received already is served.
        biased;
        started = timeout(limit, Box::pin(connection.start())) => started,
        () = drain.reached(Stage::Closing) => return,
    };
    let result = match started {
        Ok(Ok((connection, Protocol::Http1))) => http1::serve(connection, application, drain).await,
        Ok(Ok((connection, Protocol::Http2))) => {
            Box::pin(http2::serve(connection, application, drain)).await
        }
        Ok(Err(error)) => Err(error.into()),
        Err(_elapsed) => {
            refused("slow_head");
            Err("no request or handshake in time".into())
        }
    };
    if let Err(error) = result {
        tracing::debug!(error = error.to_string(), "connection ended");
    }
}

/// The next connection of any listener.
///
/// Each listener is polled first in its turn, so that a busy one does not starve the others.
async fn next_accepted(listeners: &[Listener], turn: usize) -> io::Result<Accepted> {
    poll_fn(|cx| {
        let (last, first) = listeners.split_at(turn % listeners.len().max(1));
        for listener in first.iter().chain(last) {
            let accepted = listener.poll_accept(cx);
            if accepted.is_ready() {
                return accepted;
            }
        }
        Poll::Pending
    })
    .await
}
