//! Tests of authentication by whole requests.

// A test may unwrap: the panic is its message.
#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(feature = "api-keys")]
mod api_keys;
