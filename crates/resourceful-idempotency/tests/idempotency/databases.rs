//! Databases of their own.

use std::sync::atomic::{AtomicU32, Ordering};

use resourceful_db::Db;
use resourceful_test_parts::set_by_test_script;
use sea_orm::ConnectionTrait;
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
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = set_by_test_script("TEST_POSTGRES_URL");
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("idempotency_{}_{number}", std::process::id());
        let admin = Db::connect(&server).await.unwrap();
        let create = format!("CREATE DATABASE {name}");
        admin.execute_unprepared(&create).await.unwrap();
        admin.close().await.unwrap();
        let (base, _) = server.rsplit_once('/').unwrap();
        let url = format!("{base}/{name}");
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
