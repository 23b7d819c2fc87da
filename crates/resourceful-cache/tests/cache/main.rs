//! The cache in memory and in a real Redis server, on good days and on bad ones.

// A test that unwraps says all it has to say by failing.
#![allow(missing_docs, clippy::unwrap_used)]

#[cfg(feature = "redis")]
mod redis_away;
mod values;

use std::time::Duration;

/// Longer than any test.
const TTL: Duration = Duration::from_secs(60);
