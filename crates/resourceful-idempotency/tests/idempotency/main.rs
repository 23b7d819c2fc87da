//! Tests of idempotency keys: the contract of the stores, and what clients see of it.

// A test may unwrap: the panic is its message.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

#[cfg(feature = "sql")]
mod databases;
mod replay;
mod requests;
#[cfg(feature = "sql")]
mod rows;
mod stores;
