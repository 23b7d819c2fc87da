//! Writes on SQLite that share a commit: all that was acknowledged is stored, and the others are told.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use resourceful_db::{Db, DbError, DbErrorKind, Tx};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::dbs::{execute, sqlite};
use crate::transactions::numbers;

fn insert(number: i64) -> Statement {
    let sql = format!("INSERT INTO t (n) VALUES ({number})");
    Statement::from_string(DbBackend::Sqlite, sql)
}

/// Writes all at the same time, so that they share commits.
async fn write(db: &Db, statements: Vec<Statement>) -> Vec<Result<(), DbError>> {
    let lock = lock(db).await;
    let statements = statements.into_iter().map(|statement| {
        let db = db.clone();
        tokio::spawn(async move {
            db.execute_raw(statement).await?;
            Ok(())
        })
    });
    let statements: Vec<_> = statements.collect();
    while db.statistics().waiting <= statements.len() {
        tokio::task::yield_now().await;
    }
    lock.rollback().await.unwrap();
    let mut results = Vec::new();
    for statement in statements {
        results.push(statement.await.unwrap());
    }
    results
}

/// A transaction that makes others wait.
async fn lock(db: &Db) -> Tx {
    let lock = db.begin().await.unwrap();
    lock.execute_unprepared("SELECT 1").await.unwrap();
    lock
}

async fn assert_integrity(db: &Db) {
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
    let row = db.query_one_raw(check).await.unwrap().unwrap();
    assert_eq!(row.try_get::<String>("", "integrity_check").unwrap(), "ok");
}

#[tokio::test]
async fn a_failing_statement_undoes_itself_alone() {
    let db = sqlite(Db::options()).await;
    execute(&db.db, "CREATE TABLE t (n integer UNIQUE CHECK (n <> 77))").await;
    execute(&db.db, "INSERT INTO t VALUES (33)").await;
    let results = write(&db, (0..100).map(insert).collect()).await;
    for (number, result) in results.iter().enumerate() {
        let kind = result.as_ref().err().map(DbError::kind);
        let expected = match number {
            33 => Some(DbErrorKind::Unique),
            77 => Some(DbErrorKind::Check),
            _ => None,
        };
        assert_eq!(kind, expected, "{number}: {result:?}");
    }
    let stored = typed_numbers(&db).await;
    assert_eq!(stored, (0..100).filter(|n| *n != 77).collect::<Vec<_>>());
}

async fn typed_numbers(db: &Db) -> Vec<i64> {
    let all = Statement::from_string(DbBackend::Sqlite, "SELECT n + 0 AS n FROM t ORDER BY n");
    let rows = db.query_all_raw(all).await.unwrap();
    rows.iter()
        .map(|row| row.try_get("", "n").unwrap())
        .collect()
}

/// `RAISE(ROLLBACK)` undoes the work of the others, too. They are told.
#[tokio::test]
async fn a_rollback_by_sqlite_itself_is_told_to_all() {
    let db = sqlite(Db::options()).await;
    execute(&db.db, "CREATE TABLE t (n bigint)").await;
    execute(
        &db.db,
        "CREATE TRIGGER thirteen BEFORE INSERT ON t WHEN NEW.n = 13 BEGIN SELECT RAISE(ROLLBACK, 'thirteen'); END",
    )
    .await;
    let results = write(&db, (0..30).map(insert).collect()).await;
    let stored = numbers(&db).await;
    let acknowledged = (0_i64..).zip(&results).filter(|(_, result)| result.is_ok());
    let acknowledged: Vec<_> = acknowledged.map(|(n, _)| n).collect();
    assert_eq!(stored, acknowledged);
    assert!(
        results[13]
            .as_ref()
            .unwrap_err()
            .to_string()
            .contains("thirteen")
    );
    assert_eq!(
        results[12].as_ref().unwrap_err().kind(),
        DbErrorKind::Unavailable
    );
    // Those behind it share the next commit.
    assert!(results[14].is_ok());
}

/// A constraint that is checked at the commit.
#[tokio::test]
async fn a_deferred_constraint_fails_its_own_statement() {
    let db = sqlite(Db::options()).await;
    execute(
        &db.db,
        "CREATE TABLE t (n bigint UNIQUE); \
         CREATE TABLE child (n bigint REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let mut statements: Vec<_> = (0..30).map(insert).collect();
    let orphan = "INSERT INTO child VALUES (500)";
    statements.insert(15, Statement::from_string(DbBackend::Sqlite, orphan));
    let results = write(&db, statements).await;
    for (position, result) in results.iter().enumerate() {
        let kind = result.as_ref().err().map(DbError::kind);
        let expected = (position == 15).then_some(DbErrorKind::ForeignKey);
        assert_eq!(kind, expected, "{position}");
    }
    assert_eq!(numbers(&db).await, (0..30).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let db = sqlite(Db::options()).await;
    execute(&db.db, "CREATE TABLE t (n bigint, content blob)").await;
    let large = |number: i64| {
        let sql = format!("INSERT INTO t VALUES ({number}, zeroblob(3000))");
        Statement::from_string(DbBackend::Sqlite, sql)
    };
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        // SQLite raises it to the present size.
        let size = Statement::from_string(DbBackend::Sqlite, "PRAGMA page_count");
        let size = db.query_one_raw(size).await.unwrap().unwrap();
        let size: i64 = size.try_get("", "page_count").unwrap();
        execute(&db.db, &format!("PRAGMA max_page_count = {}", size + 20)).await;
        let range = round * 100..round * 100 + 60;
        let results = write(&db, range.clone().map(large).collect()).await;
        assert!(results.iter().any(Result::is_err));
        for (number, result) in range.zip(&results) {
            match result {
                Ok(()) => acknowledged.push(number),
                Err(error) => assert_eq!(error.kind(), DbErrorKind::Unavailable, "{error}"),
            }
        }
        let tx = db.begin().await.unwrap();
        for _ in 0..100 {
            if tx.execute_raw(large(-1)).await.is_err() {
                break;
            }
        }
        tx.execute_raw(large(-1)).await.unwrap_err();
        tx.commit().await.unwrap_err();
        assert_eq!(numbers(&db).await, acknowledged);
    }
    execute(&db.db, "PRAGMA max_page_count = 4294967294").await;
    assert!(
        write(&db, (1000..1040).map(large).collect())
            .await
            .iter()
            .all(Result::is_ok)
    );
    acknowledged.extend(1000..1040);
    assert_eq!(numbers(&db).await, acknowledged);
    assert_integrity(&db).await;
}

/// Another process holds the lock for longer than a statement waits.
#[tokio::test]
async fn a_lock_of_another_process_is_told_and_passes() {
    let db = sqlite(Db::options().acquire_timeout(Duration::from_millis(300))).await;
    execute(&db.db, "CREATE TABLE t (n bigint)").await;
    let other = Db::connect(&db.url).await.unwrap();
    let held = lock(&other).await;
    let begin = Instant::now();
    let writes = (0..80).map(|number| {
        let db = db.db.clone();
        tokio::spawn(async move { db.execute_raw(insert(number)).await.map_err(DbError::from) })
    });
    for write in writes.collect::<Vec<_>>() {
        assert_eq!(
            write.await.unwrap().unwrap_err().kind(),
            DbErrorKind::Unavailable
        );
    }
    let tx = db.begin().await.unwrap();
    let error = tx.execute_raw(insert(100)).await.unwrap_err();
    assert_eq!(DbError::from(error).kind(), DbErrorKind::Unavailable);
    tx.commit().await.unwrap_err();
    assert!(
        begin.elapsed() < Duration::from_secs(2),
        "{:?}",
        begin.elapsed()
    );
    // Readers do not wait.
    assert_eq!(numbers(&db).await, [] as [i64; 0]);
    held.rollback().await.unwrap();
    let deadline = Instant::now() + Duration::from_secs(5);
    while db.execute_raw(insert(1)).await.is_err() {
        assert!(Instant::now() < deadline);
    }
    assert_eq!(numbers(&db).await, [1]);
}

/// Set where this binary runs as the process that is killed.
const CHILD: &str = "TEST_DB_CHILD";

/// This test binary, which runs `test` with the database.
fn child(test: &str, url: &str, before: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .arg("-c")
        .arg(format!("{before} exec \"$0\" \"$@\""))
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(CHILD, url)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// The numbers that a line of the child acknowledges.
fn acknowledged(line: &str) -> Option<i64> {
    line.strip_prefix("stored ")?.parse().ok()
}

#[tokio::test]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let db = sqlite(Db::options()).await;
    execute(&db.db, "CREATE TABLE t (n integer PRIMARY KEY)").await;
    let mut expected = BTreeSet::new();
    for round in 0..50 {
        let mut process = child("shared::child_that_writes", &db.url, "")
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let enough = 1 + round * 13 % 200;
        let numbers = lines
            .by_ref()
            .filter_map(|line| acknowledged(&line.unwrap()));
        expected.extend(numbers.take(enough));
        process.kill().unwrap(); // SIGKILL
        process.wait().unwrap();
        // The child printed these lines before its end.
        expected.extend(
            lines
                .map_while(Result::ok)
                .filter_map(|line| acknowledged(&line)),
        );
        let stored: BTreeSet<i64> = typed_numbers(&db).await.into_iter().collect();
        let lost: Vec<_> = expected.difference(&stored).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
    }
    println!("{} acknowledged in 50 rounds", expected.len());
    assert!(expected.len() > 1000, "{}", expected.len());
    assert_integrity(&db).await;
}

/// The process that is killed. As a test of its own it does nothing.
#[test]
fn child_that_writes() {
    let Ok(url) = std::env::var(CHILD) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = Db::connect(&url).await.unwrap();
        let writers = (0..40).map(|_| {
            let db = db.clone();
            tokio::spawn(async move {
                let insert = "INSERT INTO t DEFAULT VALUES RETURNING n + 0 AS n";
                let insert = Statement::from_string(DbBackend::Sqlite, insert);
                loop {
                    let row = db.query_one_raw(insert.clone()).await.unwrap().unwrap();
                    let number: i64 = row.try_get("", "n").unwrap();
                    let line = format!("stored {number}\n");
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            })
        });
        let mut writers: Vec<_> = writers.collect();
        writers.remove(0).await.unwrap()
    });
}

/// The operating system refuses to let the files grow.
#[tokio::test]
async fn files_that_cannot_grow_lose_nothing_that_was_acknowledged() {
    let db = sqlite(Db::options()).await;
    execute(
        &db.db,
        "CREATE TABLE t (n integer PRIMARY KEY, content blob)",
    )
    .await;
    // The signal would end the process; the limit is in blocks of 512 bytes.
    let process = child(
        "shared::child_without_room",
        &db.url,
        "trap '' XFSZ; ulimit -f 1600;",
    );
    let output = { process }.output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let expected: BTreeSet<i64> = output.lines().filter_map(acknowledged).collect();
    assert!(output.contains("refused 200"), "{output}");
    assert!(expected.len() > 5, "{expected:?}");
    let stored: BTreeSet<i64> = typed_numbers(&db).await.into_iter().collect();
    assert!(expected.is_subset(&stored));
    assert_integrity(&db).await;
    execute(&db.db, "INSERT INTO t VALUES (1000000, zeroblob(100000))").await;
}

#[test]
fn child_without_room() {
    let Ok(url) = std::env::var(CHILD) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = Db::connect(&url).await.unwrap();
        let mut refused = 0;
        let mut number = 0;
        while refused < 200 {
            let writes = (0..20).map(|_| {
                number += 1;
                let sql = format!("INSERT INTO t VALUES ({number}, zeroblob(10000))");
                let insert = Statement::from_string(DbBackend::Sqlite, sql);
                let db = db.clone();
                let number = number;
                (
                    number,
                    tokio::spawn(async move { db.execute_raw(insert).await }),
                )
            });
            for (number, write) in writes.collect::<Vec<_>>() {
                match write.await.unwrap() {
                    Ok(_) => println!("stored {number}"),
                    Err(error) => {
                        assert_eq!(DbError::from(error).kind(), DbErrorKind::Unavailable);
                        refused += 1;
                    }
                }
            }
        }
        println!("refused 200");
    });
}

/// 40 writers and 40 readers in two processes' worth of connections to one file. `TEST_DB_SECONDS` makes it longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_and_readers_are_never_locked_out() {
    let db = sqlite(Db::options()).await;
    execute(&db.db, "CREATE TABLE t (n integer PRIMARY KEY)").await;
    let seconds = std::env::var("TEST_DB_SECONDS").map_or(3, |text| text.parse().unwrap());
    // Another process, which writes all the time.
    let mut process = child("shared::child_that_writes", &db.url, "")
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let others = std::thread::spawn(move || {
        lines
            .map_while(Result::ok)
            .filter_map(|line| acknowledged(&line))
            .count()
    });
    let end = Instant::now() + Duration::from_secs(seconds);
    let tasks = (0..80).map(|task| {
        let db = db.db.clone();
        tokio::spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < end {
                let sql = match task % 2 {
                    0 => "INSERT INTO t DEFAULT VALUES RETURNING n + 0 AS n",
                    _ => "SELECT count(*) AS n FROM (SELECT n FROM t ORDER BY n DESC LIMIT 100)",
                };
                let begin = Instant::now();
                let statement = Statement::from_string(DbBackend::Sqlite, sql);
                db.query_one_raw(statement)
                    .await
                    .map_err(|error| error.to_string())?;
                times.push(begin.elapsed());
            }
            Ok::<_, String>((task % 2, times))
        })
    });
    let mut times = [Vec::new(), Vec::new()];
    for task in tasks.collect::<Vec<_>>() {
        let (kind, of_task) = task.await.unwrap().unwrap();
        times[kind].extend(of_task);
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let others = others.join().unwrap();
    for (name, mut times) in ["writes", "reads"].into_iter().zip(times) {
        times.sort();
        let at = |per_mille: usize| times[times.len() * per_mille / 1000];
        println!(
            "{name}: {} in {seconds} s, p50 {:?}, p99 {:?}, max {:?}",
            times.len(),
            at(500),
            at(990),
            at(999)
        );
        assert!(times.len() > 100);
    }
    println!("writes of the other process: {others}");
    assert!(others > 0);
    assert_integrity(&db).await;
}
