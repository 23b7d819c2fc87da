//! A database of a test's own, and programs on it.

use std::process::Command;

use resourceful_test_parts::{Postgres, Process};
use tempfile::TempDir;

/// A directory for SQLite's file, or a server.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(TempDir),
    Postgres(Postgres),
}

impl Database {
    pub(crate) fn both() -> [Self; 2] {
        let directory = tempfile::tempdir().unwrap();
        [Self::Sqlite(directory), Self::Postgres(Postgres::start())]
    }

    pub(crate) fn start_at(&self, address: &str) -> Process {
        let url = match self {
            Self::Sqlite(directory) => {
                format!("sqlite://{}/payments.sqlite3", directory.path().display())
            }
            Self::Postgres(server) => server.url(),
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_idempotent-payments"));
        Process::start_at(command.env("DATABASE_URL", url), address)
    }
}
