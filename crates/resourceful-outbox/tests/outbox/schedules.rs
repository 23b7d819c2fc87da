//! Schedules among replicas.

use std::time::{Duration, Instant};

use resourceful_outbox::Schedule;
use sea_orm::ConnectionTrait;

use crate::parts::{AddEffect, Shop, TIMEOUT, impatient};

/// `FIRINGS=100 ./test -p resourceful-outbox two_replicas` is the number that issue and guide name.
fn firings() -> i64 {
    let firings = std::env::var("FIRINGS");
    firings.map_or(30, |firings| firings.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_of_two_replicas_fires_once_each_time() {
    for shop in Shop::both().await {
        let period = Duration::from_millis(50);
        let mut replicas = Vec::new();
        for _ in 0..2 {
            let outbox = shop.elsewhere().await;
            let worker = impatient(resourceful_outbox::Worker::new(&outbox));
            let worker = worker.schedule("count", Schedule::every(period).unwrap(), &AddEffect(1));
            replicas.push(worker.job::<AddEffect>(()).start().unwrap());
        }
        // The next time minus the first one tells how often it has fired.
        let next = "SELECT coalesce(max(next_at), 0) FROM outbox_schedule";
        let started = Instant::now();
        let mut first = 0;
        let fired = loop {
            assert!(started.elapsed() < TIMEOUT);
            let next = shop.number(next).await;
            if first == 0 {
                first = next;
            }
            let fired = (next - first) / 50;
            if first > 0 && fired >= firings() {
                break fired;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        for replica in replicas {
            replica.drain().await.unwrap();
        }
        let worker = shop.worker().job::<AddEffect>(()).start().unwrap();
        shop.idle().await;
        worker.drain().await.unwrap();
        let next = shop.number(next).await;
        let all = (next - first) / 50;
        assert!(all >= fired);
        // Before the first look, the first worker may have enqueued some, until the second one had started.
        let effects = shop.effects().await;
        assert!(
            (all..=all + 20).contains(&effects),
            "{effects} effects of {all} times"
        );
        let span = started.elapsed().as_millis();
        println!("{effects} firings in {span} ms");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_missed_while_no_worker_ran_is_one_job() {
    for shop in Shop::both().await {
        let worker = || {
            let second = Schedule::every(Duration::from_hours(1)).unwrap();
            let worker = shop.worker().schedule("hourly", second, &AddEffect(1));
            worker.job::<AddEffect>(()).start().unwrap()
        };
        let first = worker();
        let next = "SELECT coalesce(max(next_at), 0) FROM outbox_schedule";
        while shop.number(next).await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        first.drain().await.unwrap();
        assert_eq!(shop.effects().await, 0);
        // A day without workers.
        let late = "UPDATE outbox_schedule SET next_at = next_at - 24 * 3600000";
        shop.db.execute_unprepared(late).await.unwrap();
        let second = worker();
        while shop.effects().await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        second.drain().await.unwrap();
        assert_eq!(shop.effects().await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_definition_holds_from_the_next_time_on() {
    for shop in Shop::both().await {
        let worker = |period: Duration| {
            let schedule = Schedule::every(period).unwrap();
            let worker = shop.worker().schedule("often", schedule, &AddEffect(1));
            worker.job::<AddEffect>(()).start().unwrap()
        };
        let old = worker(Duration::from_hours(366 * 24));
        while shop.number("SELECT count(*) FROM outbox_schedule").await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Both run during a rolling restart; the new one's definition holds.
        let new = worker(Duration::from_millis(20));
        while shop.effects().await < 5 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let definition = "SELECT count(*) FROM outbox_schedule WHERE definition = 'every 20 ms'";
        assert_eq!(shop.number(definition).await, 1);
        old.drain().await.unwrap();
        new.drain().await.unwrap();
    }
}

/// An old replica that starts once more during a rolling restart takes the schedule back; the new ones have it when no old
/// one runs any more.
#[tokio::test(flavor = "multi_thread")]
async fn the_definition_of_workers_that_are_gone_is_replaced() {
    for shop in Shop::both().await {
        let worker = |schedule| {
            let worker = shop.worker().schedule("often", schedule, &AddEffect(1));
            worker.job::<AddEffect>(()).start().unwrap()
        };
        let new = worker(Schedule::every(Duration::from_millis(20)).unwrap());
        while shop.effects().await == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // The old one has started, and is gone.
        let old =
            "UPDATE outbox_schedule SET definition = 'cron 0 3 * * *', next_at = next_at + 3600000";
        shop.db.execute_unprepared(old).await.unwrap();
        let effects = loop {
            let before = shop.effects().await;
            tokio::time::sleep(Duration::from_millis(200)).await;
            if shop.effects().await == before {
                break before;
            }
        };
        // No worker has had its definition for two minutes. Its time has not come.
        let late = "UPDATE outbox_schedule SET seen_at = seen_at - 200000";
        shop.db.execute_unprepared(late).await.unwrap();
        let again = async {
            while shop.effects().await < effects + 5 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(TIMEOUT, again).await.unwrap();
        new.drain().await.unwrap();
    }
}
