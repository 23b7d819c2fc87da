//! Calls to an upstream on real sockets, on good days and on bad ones.

// A test that unwraps says all it has to say by failing.
#![allow(missing_docs, clippy::unwrap_used)]

mod bad_days;
mod content_coding;
mod empty;
mod hangs;
mod http2_upstream;
mod limits;
mod redirects;
mod requests;
mod resource;
mod retries;

use std::time::Duration;

use resourceful_client::{Client, ClientBuilder};
use resourceful_test_parts::Upstream;

/// A client that gives up after a second.
fn builder(upstream: &Upstream) -> ClientBuilder {
    Client::builder(upstream.url()).timeout(Duration::from_secs(1))
}

fn client(upstream: &Upstream) -> Client {
    builder(upstream).build().unwrap()
}
