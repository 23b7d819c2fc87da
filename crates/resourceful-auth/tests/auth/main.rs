//! Tests of callers by whole requests, with real stores.

// A test may unwrap: the panic is its message.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

#[cfg(any(feature = "api-keys", feature = "passwords"))]
mod access;
#[cfg(any(feature = "jwt", feature = "oauth"))]
mod bearer;
#[cfg(feature = "sea-orm")]
mod database;
#[cfg(any(feature = "api-keys", feature = "passwords"))]
mod log;

#[cfg(feature = "api-keys")]
mod api_key_stores;
#[cfg(feature = "api-keys")]
mod api_keys;
#[cfg(any(feature = "passwords", feature = "sessions"))]
mod cross_origin;
#[cfg(feature = "jwt")]
mod jwt;
#[cfg(feature = "oauth")]
mod oauth;
#[cfg(feature = "passwords")]
mod passwords;
#[cfg(feature = "sessions")]
mod sessions;
