//! Databases of a test's own.

use resourceful_db::{Db, DbOptions};
use resourceful_test_parts::{Database, postgres_database};
use sea_orm::{ConnectionTrait, EntityTrait, Schema};

/// A database with a URL, for a second `Db` on it.
pub struct TestDb {
    pub db: Db,
    pub url: String,
    _database: Database,
}

impl TestDb {
    async fn open(database: Database, options: DbOptions) -> Self {
        let url = database.url.clone();
        let db = options.connect(&url).await.unwrap();
        Self {
            db,
            url,
            _database: database,
        }
    }
}

impl std::ops::Deref for TestDb {
    type Target = Db;

    fn deref(&self) -> &Db {
        &self.db
    }
}

/// SQLite in a file.
pub async fn sqlite(options: DbOptions) -> TestDb {
    TestDb::open(Database::sqlite(), options).await
}

/// A database of its own on the server of `./test`.
pub async fn postgres(options: DbOptions) -> TestDb {
    TestDb::open(Database::postgres("db"), options).await
}

/// The URL of a new database on the server of `./test`.
pub fn postgres_url() -> String {
    postgres_database("db")
}

/// Both databases, with the same options.
pub async fn both(options: DbOptions) -> [TestDb; 2] {
    [sqlite(options.clone()).await, postgres(options).await]
}

pub async fn execute(db: &impl ConnectionTrait, sql: &str) {
    db.execute_unprepared(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Creates the table of an entity as SeaORM does.
pub async fn create_table<E: EntityTrait>(db: &Db, entity: E) {
    let schema = Schema::new(db.backend());
    for create in schema.create_enum_from_entity(entity) {
        db.execute(&create).await.unwrap();
    }
    let create = schema.create_table_from_entity(entity);
    db.execute(&create).await.unwrap();
}
