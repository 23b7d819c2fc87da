//! A PostgreSQL server that is stopped, paused or restarted, or that ends connections; tables that change.

use std::time::{Duration, Instant};

use resourceful_db::{Db, DbError, DbErrorKind};
use resourceful_test_parts::Postgres;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::dbs::{execute, postgres};

fn sql(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}

/// Work of each kind: a read, a write, a transaction.
async fn work(db: &Db, kind: usize) -> Result<(), DbError> {
    match kind % 3 {
        0 => drop(db.query_all_raw(sql("SELECT n FROM t LIMIT 1")).await?),
        1 => {
            db.execute_raw(sql("INSERT INTO t VALUES (1)")).await?;
        }
        _ => {
            let tx = db.begin().await?;
            tx.execute_raw(sql("INSERT INTO t VALUES (2)")).await?;
            tx.commit().await?;
        }
    }
    Ok(())
}

async fn all(db: &Db, count: usize) -> Vec<(Result<(), DbError>, Duration)> {
    let tasks = (0..count).map(|kind| {
        let db = db.clone();
        tokio::spawn(async move {
            let begin = Instant::now();
            (work(&db, kind).await, begin.elapsed())
        })
    });
    let mut results = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        results.push(task.await.unwrap());
    }
    results
}

/// 60 at once, also more than there are connections.
async fn assert_told_within_two_seconds(db: &Db) {
    for (result, time) in all(db, 60).await {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), DbErrorKind::Unavailable, "{error}");
        assert!(time < Duration::from_secs(2), "{time:?}: {error}");
    }
    let begin = Instant::now();
    assert_eq!(db.ready().await.unwrap_err().status(), 503);
    assert!(begin.elapsed() < Duration::from_secs(2));
}

async fn assert_recovers(db: &Db) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while db.ready().await.is_err() {
        assert!(Instant::now() < deadline, "the database does not recover");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for (result, _) in all(db, 12).await {
        result.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_paused_stopped_and_back_again() {
    let mut server = Postgres::start();
    let db = Db::connect(&server.url()).await.unwrap();
    execute(&db, "CREATE TABLE t (n bigint)").await;
    assert!(all(&db, 60).await.iter().all(|(result, _)| result.is_ok()));
    server.pause();
    assert_told_within_two_seconds(&db).await;
    server.resume();
    assert_recovers(&db).await;
    server.stop();
    assert_told_within_two_seconds(&db).await;
    server.restart();
    assert_recovers(&db).await;
    // Without a request in between that notices: 12 of 12.
    for round in 0..3 {
        server.stop();
        server.restart();
        let failed: Vec<_> = all(&db, 12).await;
        for (result, _) in failed {
            result.unwrap_or_else(|error| panic!("round {round}: {error}"));
        }
    }
}

#[tokio::test]
async fn a_server_that_is_paused_in_a_statement() {
    let server = Postgres::start();
    let db = Db::connect(&server.url()).await.unwrap();
    execute(&db, "CREATE TABLE t (n bigint)").await;
    let lock = db.begin().await.unwrap();
    lock.execute_unprepared("LOCK TABLE t").await.unwrap();
    let waits = tokio::spawn({
        let db = db.clone();
        async move { work(&db, 1).await }
    });
    let waiting = sql("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    while db.query_one_raw(waiting.clone()).await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    server.pause();
    let begin = Instant::now();
    assert_eq!(
        waits.await.unwrap().unwrap_err().kind(),
        DbErrorKind::Unavailable
    );
    let commit = lock.commit().await.unwrap_err();
    assert_eq!(commit.kind(), DbErrorKind::Unavailable);
    assert!(begin.elapsed() < Duration::from_secs(4));
    server.resume();
    assert_recovers(&db).await;
}

/// A slow statement of a server that works is waited for.
#[tokio::test]
async fn slow_statements_are_waited_for() {
    let db = postgres(Db::options()).await;
    let slow = sql("SELECT 1 AS n FROM pg_sleep(2.5)");
    db.query_one_raw(slow).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_has_ended_are_replaced() {
    let db = postgres(Db::options().acquire_timeout(Duration::from_secs(30))).await;
    execute(&db.db, "CREATE TABLE t (n bigint)").await;
    let other = Db::connect(&db.url).await.unwrap();
    for _ in 0..5 {
        assert!(all(&db, 60).await.iter().all(|(result, _)| result.is_ok()));
        let tx = db.begin().await.unwrap();
        tx.execute_raw(sql("INSERT INTO t VALUES (3)"))
            .await
            .unwrap();
        execute(
            &other,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE pid <> pg_backend_pid() AND datname = current_database()",
        )
        .await;
        let others = sql("SELECT 1 FROM pg_stat_activity \
             WHERE pid <> pg_backend_pid() AND datname = current_database()");
        while other.query_one_raw(others.clone()).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
        let error = tx.commit().await.unwrap_err();
        assert_eq!(error.kind(), DbErrorKind::Unavailable, "{error}");
        for (result, _) in all(&db, 12).await {
            result.unwrap();
        }
    }
    let lost = sql("SELECT n FROM t WHERE n = 3");
    assert!(other.query_one_raw(lost).await.unwrap().is_none());
}

/// A statement that was prepared before the table has changed.
#[tokio::test]
async fn statements_survive_a_changed_table() {
    let db = postgres(Db::options()).await;
    execute(
        &db.db,
        "CREATE TABLE t (n bigint); INSERT INTO t VALUES (1)",
    )
    .await;
    let star = sql("SELECT * FROM t");
    let connections: Vec<_> = (0..5).map(|_| db.query_all_raw(star.clone())).collect();
    for connection in connections {
        connection.await.unwrap();
    }
    for (number, change) in ["ADD m text DEFAULT 'm'", "ALTER n TYPE integer", "DROP m"]
        .iter()
        .enumerate()
    {
        execute(&db.db, &format!("ALTER TABLE t {change}")).await;
        db.query_all_raw(star.clone()).await.unwrap();
        execute(&db.db, &format!("ALTER TABLE t ADD x{number} text")).await;
        // As the first statement or a later one: at most one transaction notices, and may be repeated.
        let tx = db.begin().await.unwrap();
        if let Err(error) = tx.query_all_raw(star.clone()).await {
            assert_eq!(DbError::from(error).kind(), DbErrorKind::Serialization);
            tx.commit().await.unwrap_err();
        }
        for _ in 0..5 {
            let tx = db.begin().await.unwrap();
            tx.query_all_raw(sql("SELECT 1")).await.unwrap();
            tx.query_all_raw(star.clone()).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
}

/// Two transactions that wait for each other: one is told, and may repeat. Single statements are repeated.
#[tokio::test]
async fn conflicts_are_told() {
    let db = postgres(Db::options()).await;
    execute(
        &db.db,
        "CREATE TABLE t (n bigint); INSERT INTO t VALUES (1), (2)",
    )
    .await;
    let (one, two) = (db.begin().await.unwrap(), db.begin().await.unwrap());
    let update = |n: i64| sql(&format!("UPDATE t SET n = n WHERE n = {n}"));
    one.execute_raw(update(1)).await.unwrap();
    two.execute_raw(update(2)).await.unwrap();
    let (one, two) = tokio::join!(one.execute_raw(update(2)), async {
        let result = two.execute_raw(update(1)).await;
        drop(two);
        result
    });
    let error = one.and(two).unwrap_err();
    assert_eq!(DbError::from(error).kind(), DbErrorKind::Serialization);
}
