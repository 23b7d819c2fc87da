//! Databases of a test's own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;

use crate::test_script::set_by_test_script;

/// The URL of a new database on the PostgreSQL server of `./test`. Its name begins with `prefix`.
pub fn postgres_database(prefix: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = set_by_test_script("TEST_POSTGRES_URL");
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("{prefix}_{}_{number}", std::process::id());
    let createdb = PathBuf::from(set_by_test_script("TEST_POSTGRES_BIN")).join("createdb");
    let status = Command::new(createdb)
        .arg(format!("--maintenance-db={server}"))
        .arg(&name)
        .status();
    assert!(status.unwrap().success(), "createdb {name}");
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// A database of a test's own, without tables.
#[derive(Debug)]
pub struct Database {
    /// For `Db::connect`.
    pub url: String,
    _directory: Option<TempDir>,
}

impl Database {
    /// SQLite in a file.
    pub fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("test.sqlite3");
        Self {
            url: format!("sqlite://{}", file.display()),
            _directory: Some(directory),
        }
    }

    /// A new one on the PostgreSQL server of `./test`. Its name begins with `prefix`.
    pub fn postgres(prefix: &str) -> Self {
        Self {
            url: postgres_database(prefix),
            _directory: None,
        }
    }

    pub fn both(prefix: &str) -> [Self; 2] {
        [Self::sqlite(), Self::postgres(prefix)]
    }
}
