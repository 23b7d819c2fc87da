//! A connection that speaks HTTP/2.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use tokio::sync::watch;

use crate::error::BoxError;
use crate::response::Body;

use super::connection::{Connection, until_ended};
use super::flood::Counted;
use super::flow::Streams;

/// Serves many requests at the same time, each in a task of its own.
pub(super) async fn serve(
    connection: Box<Connection>,
    drain: watch::Receiver<()>,
) -> Result<(), BoxError> {
    let Connection {
        stream,
        origin,
        service,
        limits,
        streams,
        pace,
        ..
    } = *connection;
    let streams = Streams::new(streams, Arc::clone(&pace), limits.write_timeout);
    let watched = streams.clone();
    let walk = service_fn(move |request: hyper::Request<Incoming>| {
        watched.watch(service.walk(request.map(Body::from), Some(origin)))
    });
    let connection = http2::Builder::new(streams)
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.max_streams)
        .max_header_list_size(limits.max_header_bytes)
        // Somebody who is gone without a word does not answer.
        .keep_alive_interval(limits.ping.0)
        .keep_alive_timeout(limits.ping.1)
        .serve_connection(Counted::new(stream), walk);
    // Its pings are its clock.
    pace.request();
    until_ended(
        &mut pin!(connection),
        &pace,
        drain,
        |connection, cx| connection.as_mut().poll(cx),
        |connection| connection.as_mut().graceful_shutdown(),
    )
    .await?;
    Ok(())
}
