//! Real parts for tests: processes that are started, asked and stopped, an upstream that has bad
//! days, private Redis and PostgreSQL servers that can be stopped, paused and brought back, a
//! browser.

// A part that cannot be had fails the test that wants it.
#![allow(missing_docs, clippy::unwrap_used)]
#![allow(clippy::missing_panics_doc, clippy::must_use_candidate)]

mod browser;
mod process;
mod server;
mod test_script;
mod upstream;

pub use self::browser::{Browser, Tab};
pub use self::process::{Answer, Process, ask};
pub use self::server::{Postgres, Redis};
pub use self::test_script::set_by_test_script;
pub use self::upstream::{Behaviour, Upstream};
