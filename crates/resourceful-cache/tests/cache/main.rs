//! The cache in memory and in a real Redis server, on good days and on bad ones.

// A test that unwraps says all it has to say by failing.
#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(feature = "redis")]
mod bad_connections;
mod long_values;
#[cfg(feature = "redis")]
mod redis_away;
mod values;

use std::time::Duration;

/// Longer than any test.
const TTL: Duration = Duration::from_secs(60);

/// Has `redis-cli` do something that a cache does not.
#[cfg(feature = "redis")]
fn redis_cli(server: &resourceful_test_parts::Redis, command: &[&str]) {
    let url = server.url();
    let mut client = std::process::Command::new("redis-cli");
    let output = client.args(["-u", &url]).args(command).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
