//! Migrations: once among processes, and on SQLite wholly or not at all.

use resourceful_db::{Db, DbError, DbErrorKind};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use sea_orm_migration::prelude::*;

use crate::dbs::{both, execute, postgres};
use crate::transactions::numbers;

struct Step {
    name: &'static str,
    sql: &'static [&'static str],
    transaction: Option<bool>,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for sql in self.sql {
            manager.get_connection().execute_unprepared(sql).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        self.transaction
    }
}

macro_rules! migrator {
    ($name:ident: $($step:literal => $sql:expr),*) => {
        migrator!($name[None]: $($step => $sql),*);
    };
    ($name:ident[$transaction:expr]: $($step:literal => $sql:expr),*) => {
        struct $name;

        #[async_trait::async_trait]
        impl MigratorTrait for $name {
            fn migrations() -> Vec<Box<dyn MigrationTrait>> {
                vec![$(Box::new(Step { name: $step, sql: &$sql, transaction: $transaction })),*]
            }
        }
    };
}

migrator!(Good:
    "1" => ["CREATE TABLE t (n bigint)", "INSERT INTO t VALUES (1)"],
    "2" => ["CREATE TABLE u (n bigint)", "INSERT INTO t VALUES (2)"]);

migrator!(Failing:
    "1" => ["CREATE TABLE t (n bigint)", "INSERT INTO t VALUES (1)"],
    "2" => ["INSERT INTO t VALUES (2)", "INSERT INTO missing VALUES (1)"]);

migrator!(Orphans:
    "1" => ["CREATE TABLE t (n bigint PRIMARY KEY)", "CREATE TABLE child (n bigint REFERENCES t (n))"],
    "2" => ["INSERT INTO child VALUES (7)"]);

migrator!(Ending:
    "1" => ["CREATE TABLE t (n bigint)", "INSERT INTO t VALUES (1); /* x */ COMMIT"]);

migrator!(Own[Some(false)]:
    "1" => ["CREATE TABLE t (n bigint)", "BEGIN; INSERT INTO t VALUES (1); COMMIT", "INSERT INTO t VALUES (2)"]);

migrator!(Open[Some(false)]:
    "1" => ["CREATE TABLE t (n bigint)", "BEGIN; INSERT INTO t VALUES (1)"]);

migrator!(Twice:
    "1" => ["CREATE TABLE t (n bigint)"],
    "1" => ["INSERT INTO t VALUES (1)"]);

migrator!(Backslash:
    "1" => ["CREATE TABLE t (n bigint, path text)",
            "INSERT INTO t VALUES (1, 'C:\\'), (2, 'x; END; y'); INSERT INTO t VALUES (3, 'a\\')"]);

migrator!(Slow: "1" => ["CREATE TABLE t (n bigint)", "SELECT pg_sleep(100)"]);

async fn tables(db: &Db) -> i64 {
    let sql = match db.backend() {
        DbBackend::Postgres => {
            "SELECT count(*) AS n FROM information_schema.tables WHERE table_schema = 'public'"
        }
        _ => "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'table'",
    };
    let count = Statement::from_string(db.backend(), sql);
    db.query_one_raw(count)
        .await
        .unwrap()
        .unwrap()
        .try_get("", "n")
        .unwrap()
}

/// A child without its parent is refused.
async fn assert_foreign_keys_are_enforced(db: &Db) {
    execute(db, "CREATE TABLE parent (n bigint PRIMARY KEY)").await;
    execute(db, "CREATE TABLE orphan (n bigint REFERENCES parent (n))").await;
    let orphan = Statement::from_string(db.backend(), "INSERT INTO orphan VALUES (1)");
    let error = db.execute_raw(orphan).await.unwrap_err();
    assert_eq!(DbError::from(error).kind(), DbErrorKind::ForeignKey);
}

/// Each has connections of its own, as a process has.
pub async fn four_at_once(url: &str, prepared: bool) {
    let migrations = (0..4).map(|_| {
        let url = url.to_owned();
        tokio::spawn(async move {
            let options = Db::options().prepared_statements(prepared);
            let db = options.connect(&url).await.unwrap();
            db.migrate::<Good>().await.unwrap();
            assert_eq!(numbers(&db).await, [1, 2]);
        })
    });
    for migration in migrations.collect::<Vec<_>>() {
        migration.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_at_once_run_once() {
    for prepared in [true, false] {
        for db in both(Db::options()).await {
            four_at_once(&db.url, prepared).await;
            db.migrate::<Good>().await.unwrap();
            assert_eq!(numbers(&db).await, [1, 2]);
            assert_foreign_keys_are_enforced(&db).await;
        }
    }
}

#[tokio::test]
async fn a_failing_migration_leaves_sqlite_unchanged() {
    let [sqlite, postgres] = both(Db::options()).await;
    sqlite.migrate::<Failing>().await.unwrap_err();
    assert_eq!(tables(&sqlite).await, 0);
    sqlite
        .migrate::<Orphans>()
        .await
        .map_err(|error| error.kind())
        .unwrap_err();
    assert_eq!(tables(&sqlite).await, 0);
    assert_foreign_keys_are_enforced(&sqlite).await;
    // On PostgreSQL each migration is a transaction: the first is kept.
    postgres.migrate::<Failing>().await.unwrap_err();
    assert_eq!(numbers(&postgres).await, [1]);
    for db in [sqlite, postgres] {
        // The lock is free.
        drop(db.migrate::<Good>().await);
        db.query_one_raw(Statement::from_string(db.backend(), "SELECT 1"))
            .await
            .unwrap();
    }
}

/// A migration does not end the transaction that it runs in: its own, or that of all of them with the lock.
#[tokio::test]
async fn a_migration_does_not_end_its_transaction() {
    for prepared in [true, false] {
        for db in both(Db::options().prepared_statements(prepared)).await {
            db.migrate::<Ending>().await.unwrap_err();
            let known = Statement::from_string(db.backend(), "SELECT * FROM t");
            db.query_all_raw(known).await.unwrap_err();
            db.migrate::<Good>().await.unwrap();
        }
    }
}

/// Without a transaction of SeaORM's, a migration of PostgreSQL may begin and end its own.
#[tokio::test]
async fn a_migration_has_transactions_of_its_own() {
    let db = postgres(Db::options()).await;
    db.migrate::<Own>().await.unwrap();
    assert_eq!(numbers(&db).await, [1, 2]);
}

#[tokio::test]
async fn a_migration_ends_the_transaction_that_it_begins() {
    let db = postgres(Db::options()).await;
    let error = db.migrate::<Open>().await.unwrap_err().to_string();
    assert!(error.contains("has begun a transaction"), "{error}");
    db.migrate::<Own>().await.unwrap_err(); // its table is there
    execute(&*db, "DROP TABLE t").await;
    db.migrate::<Own>().await.unwrap();
}

#[tokio::test]
async fn each_migration_has_its_own_name() {
    for db in both(Db::options()).await {
        let error = db.migrate::<Twice>().await.unwrap_err().to_string();
        assert!(
            error.contains("two migrations have the name `1`"),
            "{error}"
        );
        assert_eq!(tables(&db).await, 0);
    }
}

/// The server tells how it reads a backslash.
#[tokio::test]
async fn a_backslash_in_a_migration_is_no_control() {
    for prepared in [true, false] {
        for db in both(Db::options().prepared_statements(prepared)).await {
            db.migrate::<Backslash>().await.unwrap();
            assert_eq!(numbers(&db).await, [1, 2, 3]);
        }
    }
}

#[tokio::test]
async fn a_dropped_migration_gives_up_its_lock() {
    for db in both(Db::options()).await {
        for polls in 0..12 {
            crate::dropped::poll_times(db.migrate::<Good>(), polls).await;
            let other = Db::connect(&db.url).await.unwrap();
            if polls % 4 == 3 {
                other.migrate::<Good>().await.unwrap();
                assert_eq!(numbers(&other).await, [1, 2]);
                for table in ["t", "u", "seaql_migrations"] {
                    execute(&other, &format!("DROP TABLE {table}")).await;
                }
            }
        }
        if db.backend() == DbBackend::Postgres {
            let slow =
                tokio::time::timeout(std::time::Duration::from_millis(300), db.migrate::<Slow>());
            slow.await.unwrap_err();
            db.migrate::<Good>().await.unwrap();
        }
        assert_foreign_keys_are_enforced(&db).await;
    }
}
