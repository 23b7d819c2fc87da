//! Serves an HTTP/2 connection: concurrent requests, each in its own task.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::{HttpService, service_fn};
use hyper_util::rt::TokioTimer;
use tokio::sync::Semaphore;
use tokio::time::{Sleep, sleep};

use crate::error::{BoxError, Error};
use crate::metrics;
use crate::proto::connection_info::ConnectionInfo;
use crate::proto::host;
use crate::task::detached::too_many_detached;

use super::application::Application;
use super::close_reason::CloseReason;
use super::connection::Connection;
use super::connection_state::ConnectionState;
use super::drain::DrainReceiver;
use super::driver::{HttpConnection, drive};
use super::http2_flood::FloodGuard;
use super::http2_unsent::UnsentBytes;
use super::http2_write_timeout::{StreamExecutor, TrackedBody};

/// The longest interval for hyper, which adds intervals to the current time.
const MAX_INTERVAL: Duration = Duration::from_secs(365 * 24 * 3600);

/// Time in which the server still accepts requests after a GOAWAY, which the client may not have
/// read yet.
const GOAWAY_GRACE: Duration = Duration::from_secs(1);

pub(super) async fn serve<A: Application>(
    connection: Box<Connection>,
    application: A,
    drain: &DrainReceiver,
) -> Result<(), BoxError> {
    let Connection {
        stream,
        info,
        config,
        streams,
        unsent,
        state,
        ..
    } = connection.unboxed();
    let executor = StreamExecutor::new(
        streams,
        Arc::clone(&state),
        config.write_timeout,
        UnsentBytes::new(unsent),
    );
    let permits = (config.max_concurrent_streams as usize).min(Semaphore::MAX_PERMITS);
    let permits = Arc::new(Semaphore::new(permits));
    let streams = executor.clone();
    let service = service_fn(move |request| {
        let (application, permits) = (application.clone(), Arc::clone(&permits));
        streams.respond(move || respond(&application, request, info, permits))
    });
    let interval = config.http2_keep_alive_interval;
    let connection = http2::Builder::new(executor)
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.max_concurrent_streams)
        .max_header_list_size(config.max_header_bytes)
        // A client that is gone without closing its connection does not reply to pings.
        .keep_alive_interval((interval < MAX_INTERVAL).then_some(interval))
        .keep_alive_timeout(config.http2_keep_alive_timeout.min(MAX_INTERVAL))
        .serve_connection(FloodGuard::new(stream), service);
    state.use_http2();
    let driven = Http2Connection {
        connection: Box::pin(connection),
        state: Arc::clone(&state),
        grace: None,
    };
    drive(driven, &state, drain).await
}

/// An unsafe request keeps its permit until it has run to its end, even if its stream is reset.
/// Otherwise a client that resets and sends again could have any number of them running.
fn respond<A: Application>(
    application: &A,
    request: hyper::Request<Incoming>,
    info: ConnectionInfo,
    permits: Arc<Semaphore>,
) -> A::Future {
    let (parts, body) = request.into_parts();
    if !host::is_unambiguous(&parts) {
        metrics::refused("bad_request");
        return application.reject(Error::bad_request(host::AMBIGUOUS), Some(parts));
    }
    if parts.method.is_safe() {
        return application.call(parts, body.into(), info, None);
    }
    match permits.try_acquire_owned() {
        Ok(permit) => application.call(parts, body.into(), info, Some(permit)),
        Err(_) => application.reject(too_many_detached(), Some(parts)),
    }
}

struct Http2Connection<S: HttpService<Incoming>> {
    connection: Pin<Box<http2::Connection<FloodGuard, S, StreamExecutor>>>,
    state: Arc<ConnectionState>,
    /// The timer of [`GOAWAY_GRACE`], which starts when the GOAWAY is sent.
    grace: Option<Pin<Box<Sleep>>>,
}

impl<S: HttpService<Incoming>> Drop for Http2Connection<S> {
    /// Requests that wait until responses are sent do not start for a client that is gone.
    fn drop(&mut self) {
        self.state.request_close(CloseReason::GoAway);
    }
}

impl<S> HttpConnection for Http2Connection<S>
where
    S: HttpService<Incoming, ResBody = TrackedBody>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    const WAKES_OFTEN: bool = true;

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), hyper::Error>> {
        self.connection.as_mut().poll(cx)
    }

    /// A client repeats the requests that a GOAWAY excludes.
    fn is_reading_head(&self) -> bool {
        false
    }

    fn graceful_shutdown(&mut self) {
        self.state.begin_drain();
        self.connection.as_mut().graceful_shutdown();
        self.grace = Some(Box::pin(sleep(GOAWAY_GRACE)));
    }

    /// Requests may be on their way until the client has read the GOAWAY. A client should confirm
    /// it by a ping (RFC 9113 section 6.8), but one that is suspended does not.
    fn is_drained(&mut self, cx: &mut Context<'_>) -> bool {
        let grace = self.grace.as_mut();
        grace.is_some_and(|grace| grace.as_mut().poll(cx).is_ready())
            && self.state.is_http2_drained()
    }
}
