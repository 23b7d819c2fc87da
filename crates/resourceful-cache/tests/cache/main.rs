//! Tests of the cache in memory and with a real Redis server, including its failures.

// A test may unwrap: the panic is its message.
#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(feature = "redis")]
mod bad_connections;
mod long_values;
#[cfg(feature = "redis")]
mod redis_unavailable;
#[cfg(feature = "redis")]
mod tls;
mod values;

use std::time::Duration;

/// Longer than any test runs.
const TTL: Duration = Duration::from_secs(60);

/// Runs a command by `redis-cli`.
#[cfg(feature = "redis")]
fn redis_cli(server: &resourceful_test_parts::Redis, command: &[&str]) {
    let url = server.url();
    let mut client = std::process::Command::new("redis-cli");
    let output = client.args(["-u", &url]).args(command).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}
