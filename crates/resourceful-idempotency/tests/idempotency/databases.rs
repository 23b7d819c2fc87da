//! Databases of their own.

use resourceful_db::Db;
use resourceful_test_parts::postgres_database;
use tempfile::TempDir;

pub(crate) struct Database {
    pub(crate) db: Db,
    url: String,
    _directory: Option<TempDir>,
}

impl Database {
    pub(crate) async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("test.sqlite3");
        let url = format!("sqlite://{}", file.display());
        Self {
            db: Db::connect(&url).await.unwrap(),
            url,
            _directory: Some(directory),
        }
    }

    pub(crate) async fn postgres() -> Self {
        let url = postgres_database("idempotency");
        Self {
            db: Db::connect(&url).await.unwrap(),
            url,
            _directory: None,
        }
    }

    /// The same database, as another process opens it.
    pub(crate) async fn elsewhere(&self) -> Db {
        Db::connect(&self.url).await.unwrap()
    }

    pub(crate) async fn both() -> [Self; 2] {
        [Self::sqlite().await, Self::postgres().await]
    }
}
