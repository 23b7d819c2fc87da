//! Tests of the rates in memory and with a real Redis server, including its failures.

// A test may unwrap: the panic is its message.
#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(feature = "redis")]
mod processes;
#[cfg(feature = "redis")]
mod redis_unavailable;
mod rules;
mod stores;
