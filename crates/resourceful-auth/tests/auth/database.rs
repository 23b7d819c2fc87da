//! Empty databases for tests.

use std::sync::atomic::{AtomicU32, Ordering};

use resourceful_db::Db;
use sea_orm::ConnectionTrait;

/// The URLs of a new SQLite and a new PostgreSQL database.
pub async fn urls() -> [String; 2] {
    [sqlite_url(), postgres_url().await]
}

pub async fn connect(url: &str) -> Db {
    Db::connect(url).await.unwrap()
}

pub fn sqlite_url() -> String {
    let directory = tempfile::tempdir().unwrap().keep();
    let file = directory.join("x.sqlite3");
    format!("sqlite://{}", file.display())
}

pub async fn postgres_url() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let url = resourceful_test_parts::set_by_test_script("TEST_POSTGRES_URL");
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("auth_{}_{number}", std::process::id());
    let admin = connect(&url).await;
    let create = format!("CREATE DATABASE {name}");
    admin.execute_unprepared(&create).await.unwrap();
    let (base, _) = url.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}
