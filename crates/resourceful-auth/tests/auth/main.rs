//! Tests of the authenticators: each through an application, and with real servers where it needs one.

// A test may unwrap: the panic is its message.
#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(feature = "jwt")]
mod jwt;
