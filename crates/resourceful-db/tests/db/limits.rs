//! The limits of `DbOptions`, on both databases.

use std::time::{Duration, Instant};

use resourceful_db::{Db, DbError, DbErrorKind, DbOptions};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::dbs::{TestDb, both, postgres};

const SHORT: Duration = Duration::from_millis(300);

/// A statement that runs for minutes.
fn slow(db: &TestDb) -> Statement {
    let sql = match db.backend() {
        DbBackend::Postgres => "SELECT pg_sleep(100)",
        _ => {
            "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 10000000000) \
              SELECT count(*) AS n FROM c"
        }
    };
    Statement::from_string(db.backend(), sql)
}

/// A statement that writes, which on SQLite waits for the one writer.
fn one(db: &TestDb) -> Statement {
    let sql = match db.backend() {
        DbBackend::Postgres => "SELECT set_config('a.b', 'c', true)",
        _ => "DELETE FROM sqlite_sequence",
    };
    Statement::from_string(db.backend(), sql)
}

/// Both databases, each with what [`one`] needs.
async fn prepared(options: DbOptions) -> [TestDb; 2] {
    let databases = both(options).await;
    let table = "CREATE TABLE s (n integer PRIMARY KEY AUTOINCREMENT)";
    databases[0].execute_unprepared(table).await.unwrap();
    databases
}

/// Runs `work`, which must fail soon.
async fn fails<T>(work: impl Future<Output = Result<T, sea_orm::DbErr>>) -> DbError {
    let begin = Instant::now();
    let error = work.await.err().expect("it fails");
    assert!(
        begin.elapsed() < Duration::from_secs(3),
        "{:?}",
        begin.elapsed()
    );
    DbError::from(error)
}

#[tokio::test]
async fn statements_are_cancelled_in_time() {
    for db in prepared(Db::options().statement_timeout(SHORT)).await {
        let error = fails(db.query_one_raw(slow(&db))).await;
        assert_eq!(error.kind(), DbErrorKind::Other, "{error}");
        let tx = db.begin().await.unwrap();
        fails(tx.query_one_raw(slow(&db))).await;
        tx.commit().await.unwrap_err();
        db.query_one_raw(one(&db)).await.unwrap();
    }
}

#[tokio::test]
async fn transactions_are_rolled_back_in_time() {
    for prepared in [true, false] {
        let options = Db::options().prepared_statements(prepared);
        for db in both(options.max_transaction_time(SHORT).max_connections(1)).await {
            let create = "CREATE TABLE t (n bigint)";
            db.execute_unprepared(create).await.unwrap();
            let insert = "INSERT INTO t VALUES (1)";
            // One that is idle.
            let idle = db.begin().await.unwrap();
            idle.execute_unprepared(insert).await.unwrap();
            tokio::time::sleep(SHORT * 2).await;
            let error = fails(idle.execute_unprepared(insert)).await;
            assert_eq!(error.kind(), DbErrorKind::Unavailable, "{error}");
            idle.commit().await.unwrap_err();
            // One that ends too late.
            let late = db.begin().await.unwrap();
            late.execute_unprepared(insert).await.unwrap();
            tokio::time::sleep(SHORT * 2).await;
            late.commit().await.unwrap_err();
            // One that is busy.
            if db.backend() == DbBackend::Postgres {
                let busy = db.begin().await.unwrap();
                let error = fails(busy.query_one_raw(slow(&db))).await;
                assert_eq!(error.kind(), DbErrorKind::Unavailable, "{error}");
                drop(busy);
            }
            // Its connection or writer is free again, and nothing was kept.
            let count = Statement::from_string(db.backend(), "SELECT count(*) AS n FROM t");
            let deadline = Instant::now() + Duration::from_secs(5);
            let count = loop {
                match db.query_one_raw(count.clone()).await {
                    Ok(row) => break row.unwrap().try_get::<i64>("", "n").unwrap(),
                    Err(error) => assert!(Instant::now() < deadline, "{error}"),
                }
            };
            assert_eq!(count, 0);
        }
    }
}

/// With one connection or the one writer in use.
#[tokio::test]
async fn statements_do_not_wait_for_ever() {
    for db in prepared(Db::options().max_connections(1).acquire_timeout(SHORT)).await {
        let held = db.begin().await.unwrap();
        held.query_one_raw(one(&db)).await.unwrap();
        let error = fails(db.query_one_raw(one(&db))).await;
        assert_eq!(error.kind(), DbErrorKind::Unavailable);
        let second = async {
            let tx = db.begin().await?;
            tx.query_one_raw(one(&db)).await
        };
        assert_eq!(fails(second).await.kind(), DbErrorKind::Unavailable);
        held.commit().await.unwrap();
        db.query_one_raw(one(&db)).await.unwrap();
        let error = resourceful::Error::from(error);
        assert_eq!(error.status(), 503);
    }
}

#[tokio::test]
async fn only_so_many_wait() {
    for db in prepared(Db::options().max_connections(1).max_waiting(5)).await {
        let held = db.begin().await.unwrap();
        held.query_one_raw(one(&db)).await.unwrap();
        let statements = (0..30).map(|_| {
            let (db, one) = (db.db.clone(), one(&db));
            tokio::spawn(async move { db.query_one_raw(one).await.map_err(DbError::from) })
        });
        let statements: Vec<_> = statements.collect();
        // On SQLite the open transaction is one of them.
        let refused = 30 - 5 + usize::from(db.backend() == DbBackend::Sqlite);
        while statements
            .iter()
            .filter(|statement| statement.is_finished())
            .count()
            < refused
        {
            tokio::task::yield_now().await;
        }
        held.commit().await.unwrap();
        let mut failed = 0;
        for statement in statements {
            if let Err(error) = statement.await.unwrap() {
                assert_eq!(error.kind(), DbErrorKind::Unavailable);
                failed += 1;
            }
        }
        assert_eq!(failed, refused);
        db.query_one_raw(one(&db)).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_runs_after_close() {
    for db in prepared(Db::options()).await {
        db.query_one_raw(one(&db)).await.unwrap();
        db.db.clone().close().await.unwrap();
        let read = Statement::from_string(db.backend(), "SELECT 1 AS n");
        assert_eq!(
            fails(db.query_one_raw(read)).await.kind(),
            DbErrorKind::Unavailable
        );
        assert_eq!(
            fails(db.query_one_raw(one(&db))).await.kind(),
            DbErrorKind::Unavailable
        );
        db.ready().await.unwrap_err();
    }
}

/// A client chooses the filters and the length of a list, and so the number of texts.
#[tokio::test]
async fn prepared_statements_do_not_fill_the_server() {
    let db = postgres(Db::options().max_connections(1)).await;
    for number in 0..600 {
        let sql = format!("SELECT {number}");
        db.query_one_raw(Statement::from_string(db.backend(), sql))
            .await
            .unwrap();
    }
    let count = "SELECT count(*) AS n FROM pg_prepared_statements";
    let count = Statement::from_string(db.backend(), count);
    let row = db.query_one_raw(count).await.unwrap().unwrap();
    let prepared: i64 = row.try_get("", "n").unwrap();
    assert!(
        (1..300).contains(&prepared),
        "{prepared} prepared statements"
    );
}
