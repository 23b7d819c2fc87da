//! Empty databases for tests.

use resourceful_db::Db;

/// The URLs of a new SQLite and a new PostgreSQL database.
pub fn urls() -> [String; 2] {
    [sqlite_url(), postgres_url()]
}

pub async fn connect(url: &str) -> Db {
    Db::connect(url).await.unwrap()
}

pub fn sqlite_url() -> String {
    let directory = tempfile::tempdir().unwrap().keep();
    let file = directory.join("x.sqlite3");
    format!("sqlite://{}", file.display())
}

pub fn postgres_url() -> String {
    resourceful_test_parts::postgres_database("auth")
}
