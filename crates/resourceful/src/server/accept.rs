//! The life of a server: accept, and when it is asked to stop, drain.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::endpoint::telemetry::{Connected, describe, refused};
use crate::error::{Error, Result};
use crate::proto::connection_info::ConnectionInfo;
use crate::service::AppService;

use super::connection::Connection;
use super::io::{Protocol, Stream};
use super::limits::Limits;
use super::listener::Listener;
use super::peer_limit::Peers;
use super::watchdog::Clock;
use super::{http1, http2};

/// How long to wait after a failed accept (no descriptors left): 50 ms, doubling to 1 s.
const ACCEPT_BACKOFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// What serves: the listeners, and the connections that came of them.
pub(super) struct Acceptor {
    service: AppService,
    limits: Arc<Limits>,
    listeners: Vec<Listener>,
    connections: JoinSet<()>,
    /// The tasks of HTTP/2 streams.
    streams: TaskTracker,
    /// Bytes of HTTP/2 answers that are not sent yet.
    unsent: Arc<AtomicUsize>,
    peers: Peers,
    clock: Clock,
    /// Closed when the drain begins.
    draining: watch::Sender<()>,
    /// The clock's task, and those that keep certificates fresh.
    _helpers: Vec<AbortOnDropHandle<()>>,
}

impl Acceptor {
    pub(super) fn new(service: AppService, listeners: Vec<Listener>, limits: Limits) -> Self {
        describe();
        let limits = Arc::new(limits);
        let clock = Clock::default();
        let ticking = tokio::spawn(clock.clone().run(Arc::clone(&limits)));
        #[cfg_attr(not(feature = "tls"), expect(unused_mut, reason = "TLS adds to them"))]
        let mut helpers = vec![AbortOnDropHandle::new(ticking)];
        #[cfg(feature = "tls")]
        for tls in listeners.iter().filter_map(|listener| listener.tls.clone()) {
            helpers.push(AbortOnDropHandle::new(tokio::spawn(tls.keep_fresh())));
        }
        Self {
            service,
            limits,
            listeners,
            connections: JoinSet::new(),
            streams: TaskTracker::new(),
            unsent: Arc::default(),
            peers: Peers::default(),
            clock,
            draining: watch::Sender::new(()),
            _helpers: helpers,
        }
    }

    /// Accepts until `stop` is ready and the drain's delay is over.
    pub(super) async fn accept_until(&mut self, stop: impl Future<Output = ()>) {
        let (service, delay) = (self.service.clone(), self.limits.shutdown_delay);
        let mut stopped = pin!(async {
            stop.await;
            for settings in service.settings().of_all() {
                settings.leaving.cancel();
            }
            sleep(delay).await;
        });
        let mut backoff = ACCEPT_BACKOFF.0;
        let mut turn = 0_usize;
        loop {
            let has_room = self.connections.len() < self.limits.max_connections;
            tokio::select! {
                () = &mut stopped => return,
                accepted = next_of(&self.listeners, turn), if has_room => match accepted {
                    Ok(accepted) => {
                        backoff = ACCEPT_BACKOFF.0;
                        turn = turn.wrapping_add(1);
                        self.serve(accepted);
                    }
                    Err(error) => {
                        tracing::warn!(error = error.to_string(), "a connection could not be accepted");
                        refused("accept");
                        turn = turn.wrapping_add(1);
                        tokio::select! {
                            () = sleep(backoff) => {}
                            // One that has ended leaves its descriptor.
                            Some(_) = self.connections.join_next() => {}
                        }
                        backoff = (backoff * 2).min(ACCEPT_BACKOFF.1);
                    }
                },
                Some(_) = self.connections.join_next() => {}
            }
        }
    }

    fn serve(&mut self, accepted: Accepted) {
        let Accepted { stream, peer, .. } = accepted;
        let place = match peer.map(|peer| peer.ip().to_canonical()) {
            Some(client) if !client.is_loopback() => {
                let limit = self.limits.max_connections_per_peer;
                match self.peers.place(client, limit) {
                    Ok(place) => Some(place),
                    Err(_too_many) => {
                        tracing::debug!(%client, "too many connections");
                        refused("connections_per_peer");
                        return;
                    }
                }
            }
            // A proxy on this machine has all of them.
            _ => None,
        };
        let connection = Box::new(Connection {
            stream,
            origin: ConnectionInfo {
                peer,
                is_encrypted: false,
                client: None,
            },
            service: self.service.clone(),
            limits: Arc::clone(&self.limits),
            streams: self.streams.clone(),
            unsent: Arc::clone(&self.unsent),
            pace: self.clock.watch(),
            #[cfg(feature = "tls")]
            tls: accepted.tls,
        });
        let drain = self.draining.subscribe();
        let connected = Connected::new();
        self.connections.spawn(async move {
            serve(connection, &drain).await;
            drop((place, connected));
        });
    }

    /// Finishes what runs, until its time is over or `abort` is ready.
    ///
    /// # Errors
    /// Something was left unfinished.
    pub(super) async fn drain(mut self, abort: impl Future<Output = ()>) -> Result<()> {
        // Those that have connected already are served: their requests may be here.
        for turn in 0..self.limits.max_connections {
            match next_of(&self.listeners, turn).now_or_never() {
                Some(Ok(accepted)) => self.serve(accepted),
                Some(Err(_)) | None => break,
            }
        }
        self.listeners.clear();
        let applications = self.service.settings().of_all();
        for settings in &applications {
            settings.leaving.cancel();
            settings.stopping.cancel();
        }
        tracing::info!(connections = self.connections.len(), "draining");
        drop(self.draining);
        let streams = &self.streams;
        let finish = async {
            while self.connections.join_next().await.is_some() {}
            // A stream that ends may leave its request behind, so they are waited for first.
            streams.close();
            streams.wait().await;
            for settings in &applications {
                settings.detached.wait().await;
            }
        };
        let is_finished = tokio::select! {
            outcome = timeout(self.limits.shutdown_timeout, finish) => outcome.is_ok(),
            () = abort => false,
        };
        if is_finished {
            tracing::info!("stopped");
            return Ok(());
        }
        let mut left = self.connections.len() + streams.len();
        for settings in &applications {
            left += settings.detached.len();
            settings.aborted.cancel();
        }
        tracing::error!(left, "stopped with connections or requests unfinished");
        Err(Error::internal(format!(
            "stopped with {left} connections or requests unfinished"
        )))
    }
}

/// Serves until the client is done, or `drain` is closed and the requests that run are
/// answered.
async fn serve(connection: Box<Connection>, drain: &watch::Receiver<()>) {
    let limit = connection.limits.header_read_timeout;
    let mut waiting = drain.clone();
    // What is large and not needed by an idle connection of HTTP/1 is in boxes.
    let begun = tokio::select! {
        // What has come already is served.
        biased;
        begun = timeout(limit, Box::pin(connection.begin())) => begun,
        _ = waiting.changed() => return,
    };
    let outcome = match begun {
        Ok(Ok((connection, Protocol::Http1))) => http1::serve(connection, drain).await,
        Ok(Ok((connection, Protocol::Http2))) => Box::pin(http2::serve(connection, drain)).await,
        Ok(Err(error)) => Err(error.into()),
        Err(_elapsed) => {
            refused("slow_head");
            Err("it did not begin in time".into())
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(error = error.to_string(), "connection ended");
    }
}

/// A connection that is new.
struct Accepted {
    stream: Stream,
    peer: Option<SocketAddr>,
    #[cfg(feature = "tls")]
    tls: Option<crate::server::tls::Tls>,
}

/// The next connection of any listener.
///
/// Each is asked first in its turn: one that always has some does not keep the others out.
async fn next_of(listeners: &[Listener], turn: usize) -> io::Result<Accepted> {
    poll_fn(|cx| {
        let (later, sooner) = listeners.split_at(turn % listeners.len().max(1));
        for listener in sooner.iter().chain(later) {
            if let Poll::Ready(accepted) = listener.poll_accept(cx) {
                return Poll::Ready(accepted.map(|(stream, peer)| Accepted {
                    stream,
                    peer,
                    #[cfg(feature = "tls")]
                    tls: listener.tls.clone(),
                }));
            }
        }
        Poll::Pending
    })
    .await
}
