//! A job is done, repeated, or a dead letter.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use resourceful_db::Db;
use resourceful_outbox::{Outbox, Worker};
use resourceful_test_parts::Database;

use crate::parts::{
    Act, ActInTransaction, Actions, AddEffect, Gate, Shop, Step, Wait, eventually, shared,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_done_if_its_transaction_is_committed() {
    for shop in Shop::both().await {
        let worker = shop.worker().job::<AddEffect>(()).start().unwrap();
        for number in 0..20 {
            let tx = shop.db.begin().await.unwrap();
            let savepoint = tx.savepoint().await.unwrap();
            shop.outbox
                .enqueue(&savepoint, &AddEffect(1000))
                .await
                .unwrap();
            savepoint.rollback().await.unwrap();
            shop.outbox.enqueue(&tx, &AddEffect(number)).await.unwrap();
            if number % 2 == 0 {
                tx.commit().await.unwrap();
            } else {
                tx.rollback().await.unwrap();
            }
        }
        shop.idle().await;
        worker.drain().await.unwrap();
        let even = "SELECT count(DISTINCT number) FROM effect WHERE number % 2 = 0 AND number < 20";
        assert_eq!((shop.effects().await, shop.number(even).await), (10, 10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_do_each_job_once() {
    for shop in Shop::both().await {
        let actions = shared::<Actions>();
        for number in 0..200 {
            let tx = shop.db.begin().await.unwrap();
            shop.outbox.enqueue(&tx, &AddEffect(number)).await.unwrap();
            let act = Act {
                number,
                steps: Vec::new(),
            };
            shop.outbox.enqueue(&tx, &act).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut workers = Vec::new();
        for _ in 0..4 {
            let outbox = shop.elsewhere().await;
            // The default lease: none is over while a busy machine is slow.
            let worker = Worker::new(&outbox).poll_interval(Duration::from_millis(10));
            let worker = worker.job::<AddEffect>(()).job::<Act>(Arc::clone(&actions));
            workers.push(worker.start().unwrap());
        }
        shop.idle().await;
        for worker in workers {
            worker.drain().await.unwrap();
        }
        let distinct = "SELECT count(DISTINCT number) FROM effect";
        assert_eq!(
            (shop.effects().await, shop.number(distinct).await),
            (200, 200)
        );
        assert_eq!(actions.done(), (0..200).collect::<Vec<_>>());
        let keys: BTreeSet<_> = actions
            .begun
            .lock()
            .unwrap()
            .iter()
            .map(|begun| begun.2.clone())
            .collect();
        assert_eq!(keys.len(), 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_panics_or_hangs_is_repeated() {
    for shop in Shop::both().await {
        for step in [Step::Fail, Step::Panic, Step::Hang] {
            let (actions, attempts) = (shared::<Actions>(), shared::<AtomicU32>());
            let act = || Act {
                number: 7,
                steps: vec![step, step, step, Step::Succeed],
            };
            shop.enqueue(&act()).await;
            shop.enqueue(&ActInTransaction(act())).await;
            let worker = shop.worker();
            let worker = worker
                .job::<Act>(Arc::clone(&actions))
                .job::<ActInTransaction>(attempts);
            let worker = worker.start().unwrap();
            shop.idle().await;
            worker.drain().await.unwrap();
            assert_eq!(actions.done(), [7], "{step:?}");
            let begun = actions.begun.lock().unwrap().clone();
            let numbers: Vec<_> = begun.iter().map(|(_, attempt, _)| *attempt).collect();
            assert_eq!(numbers, [1, 2, 3, 4], "{step:?}");
            assert!(begun.iter().all(|(.., key)| *key == begun[0].2));
        }
        // The effects of the failed attempts are undone with their transactions.
        assert_eq!(shop.effects().await, 3);
        assert_eq!(shop.number("SELECT count(*) FROM outbox_job").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_fails_too_often_is_a_dead_letter() {
    for shop in Shop::both().await {
        let actions = shared::<Actions>();
        for step in [Step::Fail, Step::Panic, Step::Hang] {
            let act = Act {
                number: 7,
                steps: vec![step],
            };
            shop.enqueue(&act).await;
        }
        // Of another type than it was.
        shop.enqueue(&AddEffect(1)).await;
        let change = "UPDATE outbox_job SET name = 'act' WHERE name = 'add-effect'";
        sea_orm::ConnectionTrait::execute_unprepared(&shop.db, change)
            .await
            .unwrap();
        let worker = shop
            .worker()
            .job::<Act>(Arc::clone(&actions))
            .start()
            .unwrap();
        shop.idle().await;
        worker.drain().await.unwrap();
        let dead = "SELECT count(*) FROM outbox_job WHERE died_at IS NOT NULL AND attempts = 4 AND error <> ''";
        assert_eq!(shop.number(dead).await, 4);
        assert_eq!(actions.begun.lock().unwrap().len(), 3 * 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_may_wait_and_enqueue_another_one() {
    for shop in Shop::both().await {
        let worker = shop.worker().job::<AddEffect>(()).start().unwrap();
        let tx = shop.db.begin().await.unwrap();
        let delay = Duration::from_millis(300);
        shop.outbox
            .enqueue_after(&tx, &AddEffect(1), delay)
            .await
            .unwrap();
        shop.outbox
            .enqueue_after(&tx, &AddEffect(2), Duration::MAX)
            .await
            .unwrap();
        shop.outbox.enqueue(&tx, &AddEffect(3)).await.unwrap();
        tx.commit().await.unwrap();
        let effects = async |number| {
            while shop.effects().await < number {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        effects(1).await;
        assert_eq!(shop.number("SELECT sum(number) FROM effect").await, 3);
        effects(2).await;
        worker.drain().await.unwrap();
        let waited = "SELECT count(*) FROM outbox_job WHERE name = 'add-effect'";
        assert_eq!(shop.number(waited).await, 1, "the one of a century");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_is_not_done() {
    for shop in Shop::both().await {
        let cancel = async |id| {
            let tx = shop.db.begin().await.unwrap();
            let was_there = shop.outbox.cancel(&tx, id).await.unwrap();
            (tx, was_there)
        };
        let tx = shop.db.begin().await.unwrap();
        let delay = Duration::from_hours(1);
        let add = AddEffect(1);
        let late = shop.outbox.enqueue_after(&tx, &add, delay).await.unwrap();
        let soon = shop.outbox.enqueue(&tx, &AddEffect(2)).await.unwrap();
        let waits = shop.outbox.enqueue(&tx, &Wait).await.unwrap();
        tx.commit().await.unwrap();

        // Not if the transaction is rolled back.
        let (tx, was_there) = cancel(late).await;
        assert!(was_there);
        tx.rollback().await.unwrap();
        let (tx, was_there) = cancel(i64::from(late).into()).await;
        assert!(was_there);
        tx.commit().await.unwrap();
        let (tx, was_there) = cancel(late).await;
        assert!(!was_there);
        tx.rollback().await.unwrap();

        let gate = shared::<Gate>();
        let worker = shop.worker().job::<AddEffect>(());
        let worker = worker.job::<Wait>(Arc::clone(&gate)).start().unwrap();
        gate.begun.notified().await;
        eventually(async || shop.effects().await == 1).await;
        let (tx, was_there) = cancel(soon).await;
        assert!(!was_there, "it is done");
        tx.rollback().await.unwrap();
        // The attempt that runs is stopped, and there is no other one. `drain` would wait for it, for 20 s.
        let (tx, was_there) = cancel(waits).await;
        assert!(was_there);
        tx.commit().await.unwrap();
        let drained = tokio::time::timeout(Duration::from_secs(10), worker.drain());
        drained.await.unwrap().unwrap();
        assert_eq!(gate.ended.load(Ordering::Relaxed), 0);
        assert_eq!(shop.number("SELECT count(*) FROM outbox_job").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_cancelled_after_the_attempt_in_a_transaction() {
    for shop in Shop::both().await {
        for (step, was_there) in [(Step::Succeed, false), (Step::Hang, true)] {
            let attempts = shared::<AtomicU32>();
            let steps = vec![step];
            let job = ActInTransaction(Act { number: 7, steps });
            let tx = shop.db.begin().await.unwrap();
            let id = shop.outbox.enqueue(&tx, &job).await.unwrap();
            tx.commit().await.unwrap();
            let worker = shop.worker().job::<ActInTransaction>(Arc::clone(&attempts));
            let worker = worker.start().unwrap();
            eventually(async || attempts.load(Ordering::Relaxed) > 0).await;
            let tx = shop.db.begin().await.unwrap();
            assert_eq!(shop.outbox.cancel(&tx, id).await.unwrap(), was_there);
            tx.commit().await.unwrap();
            worker.drain().await.unwrap();
            let left = shop.number("SELECT count(*) FROM outbox_job").await;
            assert_eq!((shop.effects().await, left), (1, 0), "{step:?}");
        }
    }
}

#[tokio::test]
async fn a_worker_leaves_jobs_that_it_does_not_know() {
    for shop in Shop::both().await {
        shop.enqueue(&Wait).await;
        shop.enqueue(&AddEffect(1)).await;
        let worker = shop.worker().job::<AddEffect>(()).start().unwrap();
        while shop.effects().await < 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        worker.drain().await.unwrap();
        let waits = "SELECT count(*) FROM outbox_job WHERE name = 'wait' AND claims = 0";
        assert_eq!(shop.number(waits).await, 1);
    }
}

/// A replica that starts neither waits for a transaction of another one, nor makes others wait.
#[tokio::test]
async fn an_outbox_is_opened_while_a_transaction_enqueues() {
    for shop in Shop::both().await {
        let tx = shop.db.begin().await.unwrap();
        shop.outbox.enqueue(&tx, &AddEffect(1)).await.unwrap();
        let opened = tokio::time::timeout(Duration::from_secs(5), shop.elsewhere());
        drop(opened.await.unwrap());
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_is_created_by_many_at_once() {
    for database in Database::both("outbox") {
        let outboxes = (0..8).map(|_| {
            let url = database.url.clone();
            tokio::spawn(async move {
                let db = Db::connect(&url).await.unwrap();
                Outbox::new(db).await.unwrap()
            })
        });
        for outbox in outboxes.collect::<Vec<_>>() {
            outbox.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_job_with_much_data_is_refused() {
    for shop in Shop::both().await {
        let tx = shop.db.begin().await.unwrap();
        let steps = vec![Step::Succeed; 50_000];
        let act = Act { number: 1, steps };
        let refused = shop.outbox.enqueue(&tx, &act).await.unwrap_err();
        assert_eq!(refused.status(), 500);
        // The transaction goes on.
        shop.outbox.enqueue(&tx, &AddEffect(1)).await.unwrap();
        tx.commit().await.unwrap();
    }
}
