//! A connection that speaks HTTP/2.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioTimer;
use tokio::sync::{Semaphore, watch};
use tokio::time::{Sleep, sleep};

use crate::body::Body;
use crate::endpoint::response_future::ResponseFuture;
use crate::error::BoxError;
use crate::proto::connection_info::ConnectionInfo;
use crate::service::AppService;
use crate::task::detached::too_many_detached;

use super::connection::Connection;
use super::driver::{Driven, until_ended};
use super::http2_flood::Counted;
use super::http2_unsent::Unsent;
use super::http2_write_timeout::{Flowing, Streams};
use super::watchdog::{Pace, Verdict};

/// hyper adds to the time of day what it is told.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long after the GOAWAY.
const PARTING: Duration = Duration::from_secs(1);

/// Serves many requests at the same time, each in a task of its own.
pub(super) async fn serve(
    connection: Box<Connection>,
    drain: &watch::Receiver<()>,
) -> Result<(), BoxError> {
    let Connection {
        stream,
        origin,
        service,
        limits,
        streams,
        unsent,
        pace,
        ..
    } = connection.unboxed();
    let streams = Streams::new(
        streams,
        Arc::clone(&pace),
        limits.write_timeout,
        Unsent::new(unsent),
    );
    let places = (limits.max_concurrent_streams as usize).min(Semaphore::MAX_PERMITS);
    let executor = streams.clone();
    let places = Arc::new(Semaphore::new(places));
    let walk = service_fn(move |request| {
        let (service, places) = (service.clone(), Arc::clone(&places));
        streams.answer(move || begin(&service, request, origin, places))
    });
    let (interval, timeout) = limits.http2_keep_alive;
    let connection = http2::Builder::new(executor)
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.max_concurrent_streams)
        .max_header_list_size(limits.max_header_bytes)
        // Somebody who is gone without a word does not answer.
        .keep_alive_interval((interval < FOREVER).then_some(interval))
        .keep_alive_timeout(timeout.min(FOREVER))
        .serve_connection(Counted::new(stream), walk);
    pace.speaks_http2();
    let driven = Http2 {
        connection: Box::pin(connection),
        pace: Arc::clone(&pace),
        parting: None,
    };
    until_ended(driven, &pace, drain).await
}

/// An unsafe request has a place until it has come to its end, even if its stream is reset or
/// answered before. Otherwise a client that resets and sends again could have any number running.
fn begin(
    service: &AppService,
    request: hyper::Request<Incoming>,
    origin: ConnectionInfo,
    places: Arc<Semaphore>,
) -> ResponseFuture {
    let (parts, body) = request.into_parts();
    let (body, origin) = (Body::from(body), Some(origin));
    if parts.method.is_safe() {
        return service.walk(parts, body, origin);
    }
    match places.try_acquire_owned() {
        Ok(place) => service.walk(parts, body, origin).keeping(place),
        Err(_) => service.refuse(too_many_detached(), parts),
    }
}

struct Http2<S: HttpService<Incoming>> {
    connection: Pin<Box<http2::Connection<Counted, S, Streams>>>,
    pace: Arc<Pace>,
    /// How long a client is waited for that may not know yet that it is told to go.
    parting: Option<Pin<Box<Sleep>>>,
}

impl<S: HttpService<Incoming>> Drop for Http2<S> {
    /// Nothing that still waits for room is begun for a client that is gone.
    fn drop(&mut self) {
        self.pace.end(Verdict::Leaving);
    }
}

impl<S> Driven for Http2<S>
where
    S: HttpService<Incoming, ResBody = Flowing>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    const WAKES_OFTEN: bool = true;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.connection.as_mut().poll(cx)
    }

    fn shut_down(&mut self) {
        self.pace.part();
        self.connection.as_mut().graceful_shutdown();
        self.parting = Some(Box::pin(sleep(PARTING)));
    }

    /// Requests may be on their way until the client has read the GOAWAY. It should say so by a
    /// ping (RFC 9113 section 6.8), but a sleeping one does not.
    fn owes_nothing(&mut self, cx: &mut Context<'_>) -> bool {
        let parting = self.parting.as_mut();
        parting.is_some_and(|parting| parting.as_mut().poll(cx).is_ready())
            && self.pace.has_no_stream()
            && self.pace.holds_nothing()
    }
}
