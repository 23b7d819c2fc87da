//! Tests of callers by whole requests, with real stores.

// A test may unwrap: the panic is its message.
#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(any(feature = "passwords", feature = "sessions"))]
mod cross_origin;
#[cfg(feature = "sessions")]
mod sessions;
