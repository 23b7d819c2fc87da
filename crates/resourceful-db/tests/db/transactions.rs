//! Transactions and savepoints, with failures, on both databases.

use resourceful_db::{Db, DbError, Tx};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::dbs::{TestDb, both, execute};

async fn with_table() -> [TestDb; 2] {
    let databases = both(Db::options()).await;
    for db in &databases {
        execute(&db.db, "CREATE TABLE t (n bigint UNIQUE)").await;
    }
    databases
}

pub async fn insert(db: &impl ConnectionTrait, number: i64) -> Result<(), DbError> {
    db.execute_unprepared(&format!("INSERT INTO t VALUES ({number})"))
        .await?;
    Ok(())
}

/// The numbers that another connection sees.
pub async fn numbers(db: &Db) -> Vec<i64> {
    let all = Statement::from_string(db.backend(), "SELECT n FROM t ORDER BY n");
    let rows = db.query_all_raw(all).await.unwrap();
    rows.iter()
        .map(|row| row.try_get("", "n").unwrap())
        .collect()
}

#[tokio::test]
async fn commit_keeps_and_rollback_and_drop_undo() {
    for db in with_table().await {
        let tx = db.begin().await.unwrap();
        insert(&tx, 1).await.unwrap();
        assert_eq!(numbers(&db).await, [] as [i64; 0]);
        tx.commit().await.unwrap();
        let tx = db.begin().await.unwrap();
        insert(&tx, 2).await.unwrap();
        tx.rollback().await.unwrap();
        let tx = db.begin().await.unwrap();
        insert(&tx, 3).await.unwrap();
        drop(tx);
        db.begin().await.unwrap().commit().await.unwrap();
        db.begin().await.unwrap().rollback().await.unwrap();
        insert(&db.db, 4).await.unwrap();
        assert_eq!(numbers(&db).await, [1, 4]);
    }
}

/// The server answers such a `COMMIT` with a rollback, and without an error.
#[tokio::test]
async fn a_commit_after_a_failed_statement_is_refused() {
    for db in with_table().await {
        insert(&db.db, 1).await.unwrap();
        for failing in [
            "INSERT INTO t VALUES (1)",
            "INSERT INTO missing VALUES (1)",
            "SELECT 1 FROM t WHERE",
        ] {
            for before in [false, true] {
                let tx = db.begin().await.unwrap();
                if before {
                    insert(&tx, 2).await.unwrap();
                }
                let failing = Statement::from_string(db.backend(), failing);
                tx.execute_raw(failing).await.unwrap_err();
                insert(&tx, 3).await.unwrap_err();
                tx.commit().await.unwrap_err();
                assert_eq!(numbers(&db).await, [1], "{:?}", db.backend());
            }
        }
    }
}

#[tokio::test]
async fn a_commit_after_a_dropped_statement_is_refused() {
    for db in with_table().await {
        for polls in 0..6 {
            let tx = db.begin().await.unwrap();
            insert(&tx, 1).await.unwrap();
            if crate::dropped::poll_times(insert(&tx, 1), polls).await {
                continue; // it has ended, with an error
            }
            if polls > 0 {
                tx.commit().await.unwrap_err();
            } else {
                tx.rollback().await.unwrap();
            }
            assert_eq!(numbers(&db).await, [] as [i64; 0], "{:?}", db.backend());
        }
    }
}

/// A savepoint heals what failed in it.
#[tokio::test]
async fn savepoints_undo_their_part() {
    for db in with_table().await {
        let tx = db.begin().await.unwrap();
        insert(&tx, 1).await.unwrap();

        let failed = tx.savepoint().await.unwrap();
        insert(&failed, 2).await.unwrap();
        insert(&failed, 1).await.unwrap_err();
        insert(&failed, 3).await.unwrap_err();
        failed.rollback().await.unwrap();

        let dropped = tx.savepoint().await.unwrap();
        insert(&dropped, 4).await.unwrap();
        drop(dropped);

        let kept = tx.savepoint().await.unwrap();
        insert(&kept, 5).await.unwrap();
        let inner = kept.savepoint().await.unwrap();
        insert(&inner, 6).await.unwrap();
        inner.commit().await.unwrap();
        kept.commit().await.unwrap();

        tx.commit().await.unwrap();
        assert_eq!(numbers(&db).await, [1, 5, 6]);
    }
}

/// In either order of their drops; an outer one ends the inner ones with it.
#[tokio::test]
async fn nested_savepoints_end_with_the_outer_one() {
    for db in with_table().await {
        for outer_first in [true, false] {
            let tx = db.begin().await.unwrap();
            insert(&tx, 1).await.unwrap();
            let outer = tx.savepoint().await.unwrap();
            insert(&outer, 2).await.unwrap();
            let inner = outer.savepoint().await.unwrap();
            insert(&inner, 3).await.unwrap();
            if outer_first {
                drop(outer);
                drop(inner);
            } else {
                drop(inner);
                drop(outer);
            }
            insert(&tx, 4).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(numbers(&db).await, [1, 4]);
            execute(&db.db, "DELETE FROM t").await;
        }
        // The second is in the first for the database, so it is undone with it and cannot be kept.
        let tx = db.begin().await.unwrap();
        let first = tx.savepoint().await.unwrap();
        let second = tx.savepoint().await.unwrap();
        insert(&second, 1).await.unwrap();
        first.rollback().await.unwrap();
        second.commit().await.unwrap_err();
        drop(tx);
        assert_eq!(numbers(&db).await, [] as [i64; 0]);
    }
}

/// A savepoint that outlives its transaction must not begin another one.
#[tokio::test]
async fn nothing_runs_after_the_end() {
    for db in with_table().await {
        for commits in [true, false] {
            let tx = db.begin().await.unwrap();
            let savepoint = tx.savepoint().await.unwrap();
            let ended = if commits {
                tx.commit().await
            } else {
                tx.rollback().await
            };
            ended.unwrap();
            insert(&savepoint, 1).await.unwrap_err();
            savepoint.commit().await.unwrap_err();
        }
        assert_eq!(numbers(&db).await, [] as [i64; 0]);
    }
}

/// Statements of one transaction at the same time run one after the other.
#[tokio::test]
async fn statements_of_a_transaction_may_be_joined() {
    for db in with_table().await {
        let tx = db.begin().await.unwrap();
        let (a, b, c) = tokio::join!(insert(&tx, 1), insert(&tx, 2), insert(&tx, 3));
        a.and(b).and(c).unwrap();
        tx.commit().await.unwrap();
        assert_eq!(numbers(&db).await, [1, 2, 3]);
    }
}

/// Dropped where no runtime is: the connection must not return to the pool within the transaction.
#[test]
fn a_transaction_may_be_dropped_outside_of_a_runtime() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for db in runtime.block_on(with_table()) {
        for _ in 0..30 {
            let tx: Tx = runtime.block_on(async {
                let tx = db.begin().await.unwrap();
                insert(&tx, 1).await.unwrap();
                tx
            });
            drop(tx);
            runtime.block_on(async {
                insert(&db.db, 2).await.unwrap();
                let other = Db::connect(&db.url).await.unwrap();
                assert_eq!(numbers(&other).await, [2]);
                execute(&db.db, "DELETE FROM t").await;
            });
        }
        if db.backend() == DbBackend::Postgres {
            assert_eq!(db.statistics().connections, 1);
        }
    }
}
