//! Futures that are dropped at every await: nothing acknowledged is lost, nothing is half-written, no transaction
//! stays open, and no connection is lost.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use resourceful_db::{Db, DbError, DbErrorKind};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::dbs::{TestDb, both, execute};
use crate::transactions::numbers;

/// Polls `future` this many times, as its wakes come, and drops it. `true`: it has ended.
pub async fn poll_times(future: impl Future, times: usize) -> bool {
    let mut future = pin!(future);
    let mut polled = 0;
    poll_fn(|context| {
        if polled == times {
            return Poll::Ready(false);
        }
        polled += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if polled == times => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Rounds of each database.
const ROUNDS: i64 = 2000;

/// A number that looks random.
fn scrambled(number: i64) -> u64 {
    number.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 33
}

/// Writes of one round, as one of several kinds of work. Each transaction writes a pair, whose numbers are
/// acknowledged by pushing them.
async fn work(
    db: &Db,
    round: i64,
    acknowledged: &std::sync::Mutex<Vec<i64>>,
) -> Result<(), DbError> {
    let acknowledge = |number: i64| acknowledged.lock().unwrap().push(number);
    let insert = |number: i64| format!("INSERT INTO t VALUES ({number})");
    let (first, second) = (round * 2, round * 2 + 1);
    match round % 5 {
        0 => {
            // A single statement, which shares its commit on SQLite.
            let both = format!("INSERT INTO t VALUES ({first}), ({second})");
            db.execute_raw(Statement::from_string(db.backend(), both))
                .await?;
        }
        1 => {
            let tx = db.begin().await?;
            tx.execute_unprepared(&insert(first)).await?;
            tx.execute_raw(Statement::from_string(db.backend(), insert(second)))
                .await?;
            tx.commit().await?;
        }
        2 => {
            let tx = db.begin().await?;
            tx.execute_unprepared(&insert(first)).await?;
            let undone = tx.savepoint().await?;
            undone.execute_unprepared(&insert(-first)).await?;
            drop(undone);
            let savepoint = tx.savepoint().await?;
            savepoint.execute_unprepared(&insert(second)).await?;
            savepoint.commit().await?;
            let undone = tx.savepoint().await?;
            undone.execute_unprepared(&insert(-second)).await?;
            undone.rollback().await?;
            tx.commit().await?;
        }
        3 => {
            let tx = db.begin().await?;
            tx.execute_unprepared(&insert(-first)).await?;
            tx.rollback().await?;
            return Ok(());
        }
        _ => {
            let read = Statement::from_string(db.backend(), "SELECT COUNT(*) AS n FROM t");
            db.query_all_raw(read).await?;
            return Ok(());
        }
    }
    acknowledge(first);
    acknowledge(second);
    Ok(())
}

async fn assert_nothing_is_lost(db: &TestDb) {
    execute(&db.db, "CREATE TABLE t (n bigint PRIMARY KEY)").await;
    let acknowledged = std::sync::Mutex::new(Vec::new());
    let mut ended = 0;
    for round in 1..=ROUNDS {
        if round % 2 == 0 {
            // At each await: the works have less than 30.
            let polls = usize::try_from(round / 10 % 30).unwrap();
            ended += i64::from(poll_times(work(db, round, &acknowledged), polls).await);
        } else {
            // At a random time.
            let time = Duration::from_micros(scrambled(round) % 3000);
            let work = work(db, round, &acknowledged);
            if let Ok(result) = tokio::time::timeout(time, work).await {
                result.unwrap();
                ended += 1;
            }
        }
    }
    // Some are dropped and some are not.
    assert!(
        (ROUNDS / 20..ROUNDS - ROUNDS / 20).contains(&ended),
        "{ended}"
    );
    assert_settled(db).await;
    let other = Db::connect(&db.url).await.unwrap();
    execute(&db.db, "INSERT INTO t VALUES (0)").await;
    let stored: BTreeSet<i64> = numbers(&other).await.into_iter().collect();
    let acknowledged = acknowledged.into_inner().unwrap();
    for number in &acknowledged {
        assert!(
            stored.contains(number),
            "{number} is lost: {:?}",
            db.backend()
        );
    }
    for number in &stored {
        assert!(*number >= 0, "{number} was undone: {:?}", db.backend());
        assert!(
            *number == 0 || stored.contains(&(number ^ 1)),
            "{number} is half of a pair"
        );
    }
    println!(
        "{:?}: {ended} of {ROUNDS} ended, {} stored, {} acknowledged",
        db.backend(),
        stored.len() - 1,
        acknowledged.len()
    );
}

/// No transaction is open, all connections are in the pool, and the writer of SQLite is free.
pub async fn assert_settled(db: &TestDb) {
    let other = Db::connect(&db.url).await.unwrap();
    let settled = Instant::now() + Duration::from_secs(10);
    if db.backend() == DbBackend::Postgres {
        let open = "SELECT count(*) AS n FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
                    AND datname = current_database() AND (xact_start IS NOT NULL OR state <> 'idle')";
        let open = Statement::from_string(DbBackend::Postgres, open);
        while other
            .query_one_raw(open.clone())
            .await
            .unwrap()
            .unwrap()
            .try_get::<i64>("", "n")
            .unwrap()
            > 0
        {
            assert!(Instant::now() < settled, "a transaction stays open");
            tokio::task::yield_now().await;
        }
        let statistics = || db.statistics();
        while statistics().idle < statistics().connections || statistics().waiting > 0 {
            assert!(Instant::now() < settled, "{:?}", statistics());
            tokio::task::yield_now().await;
        }
    }
    // The writer is free, and all connections are there, at once.
    let mut transactions = Vec::new();
    let count = if db.backend() == DbBackend::Postgres {
        20
    } else {
        1
    };
    for _ in 0..count {
        let tx = db.begin().await.unwrap();
        tx.execute_unprepared("SELECT 1").await.unwrap();
        transactions.push(tx);
    }
    drop(transactions);
    while db.statistics().waiting > 0 {
        assert!(
            Instant::now() < settled + Duration::from_secs(5),
            "{:?}",
            db.statistics()
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn sqlite_loses_nothing() {
    let [sqlite, _] = both(Db::options()).await;
    assert_nothing_is_lost(&sqlite).await;
}

#[tokio::test]
async fn postgres_loses_nothing() {
    let [_, postgres] = both(Db::options()).await;
    assert_nothing_is_lost(&postgres).await;
}

/// Many at the same time: those that share a commit with dropped ones, and those that wait for a connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_futures_beside_others() {
    // On a busy machine connections come late.
    let patient = Db::options().acquire_timeout(Duration::from_mins(1));
    for db in both(patient.max_connections(4)).await {
        execute(&db.db, "CREATE TABLE t (n bigint PRIMARY KEY)").await;
        let works = (0..20).map(|task| {
            let db = db.db.clone();
            tokio::spawn(async move {
                let acknowledged = std::sync::Mutex::new(Vec::new());
                for number in 1..40 {
                    let round = number * 20 + task;
                    // Some run to their end, however slow the machine is: all others may be dropped there.
                    let time = if number % 8 == 0 {
                        Duration::MAX
                    } else {
                        Duration::from_micros(scrambled(round) % 20_000)
                    };
                    let work = work(&db, round, &acknowledged);
                    // A server that does not reply in time is told.
                    if let Ok(Err(error)) = tokio::time::timeout(time, work).await {
                        assert_eq!(error.kind(), DbErrorKind::Unavailable, "{error}");
                    }
                }
                acknowledged.into_inner().unwrap()
            })
        });
        let mut acknowledged = Vec::new();
        for work in works.collect::<Vec<_>>() {
            acknowledged.extend(work.await.unwrap());
        }
        let other = Db::connect(&db.url).await.unwrap();
        // Behind all that still runs.
        execute(&db.db, "INSERT INTO t VALUES (0)").await;
        let stored: BTreeSet<i64> = numbers(&other).await.into_iter().collect();
        assert!(acknowledged.len() > 5, "{}", acknowledged.len());
        assert!(acknowledged.iter().all(|number| stored.contains(number)));
        assert!(
            stored
                .iter()
                .all(|number| *number == 0 || stored.contains(&(number ^ 1)))
        );
    }
}

/// A statement that runs for long is cancelled at the server when its future was dropped.
#[tokio::test]
async fn dropped_statements_are_cancelled() {
    let [_, db] = both(Db::options()).await;
    let sleep = Statement::from_string(DbBackend::Postgres, "SELECT pg_sleep(60)");
    let tx = db.begin().await.unwrap();
    let _ = tokio::time::timeout(Duration::from_millis(100), tx.query_all_raw(sleep.clone())).await;
    drop(tx);
    let _ = tokio::time::timeout(Duration::from_millis(100), db.query_all_raw(sleep)).await;
    let running = "SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' \
                   AND pid <> pg_backend_pid() AND datname = current_database()";
    let running = Statement::from_string(DbBackend::Postgres, running);
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let row = db.query_one_raw(running.clone()).await.unwrap().unwrap();
        if row.try_get::<i64>("", "n").unwrap() == 0 {
            break;
        }
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
