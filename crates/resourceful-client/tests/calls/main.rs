//! Tests of calls to an upstream over real sockets, including its failures.

// A test may unwrap: the panic is its message.
#![allow(missing_docs, clippy::unwrap_used)]

mod content_coding;
mod empty_bodies;
mod hanging_connections;
mod http2_upstream;
mod limits;
mod redirects;
mod requests;
mod resource;
mod retries;
mod upstream_failures;

use std::time::Duration;

use resourceful_client::{Client, ClientBuilder};
use resourceful_test_parts::Upstream;

/// A client with a timeout of one second.
fn builder(upstream: &Upstream) -> ClientBuilder {
    Client::builder(upstream.url()).timeout(Duration::from_secs(1))
}

fn client(upstream: &Upstream) -> Client {
    builder(upstream).build().unwrap()
}
