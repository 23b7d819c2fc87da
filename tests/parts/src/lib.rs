//! Real dependencies for tests: child processes, an upstream that can fail, private Redis and
//! PostgreSQL servers that can be stopped, paused and restarted, and a browser.

// A missing program fails the test that needs it.
#![allow(missing_docs, clippy::unwrap_used)]
#![allow(clippy::missing_panics_doc, clippy::must_use_candidate)]

mod browser;
mod database;
mod guarded;
mod process;
mod server;
mod test_script;
mod upstream;

pub use self::browser::{Browser, Tab};
pub use self::database::{Database, postgres_database};
pub use self::guarded::Guarded;
pub use self::process::{HttpResponse, Process, send_request, try_request};
pub use self::server::{Postgres, Redis, free_port};
pub use self::test_script::set_by_test_script;
pub use self::upstream::{Behaviour, Upstream};
