//! Servers that are stopped, restarted and paused.

use std::time::{Duration, Instant};

use resourceful_bus::{Bus, PostgresBroker, Received, Subscription, Topic};
use resourceful_db::{Db, Tx};
use resourceful_test_parts::{Postgres, Redis, postgres_database};
use tokio::time::timeout;

use crate::parts::{NUMBERS, TIMEOUT, bodies, message, postgres, receive, redis};

/// A publisher is told that the broker is away, soon.
async fn assert_away(bus: &Bus) {
    let started = Instant::now();
    let published = bus.publish(&NUMBERS.of("unsure"), &0).await;
    assert_eq!(published.unwrap_err().status(), 503);
    let subscribed = bus.subscribe(&NUMBERS.of("not heard yet")).await;
    assert_eq!(subscribed.unwrap_err().status(), 503);
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
}

/// The server stays away for this time: `AWAY=20 ./test -p resourceful-bus away -- --nocapture` is what people see.
async fn stay_away() {
    let seconds = std::env::var("AWAY").map_or(0, |seconds| seconds.parse().unwrap());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

const LATE: Topic<u32> = Topic::new("late");

/// Publishes until the broker takes it.
async fn publish(bus: &Bus, number: u32) {
    publish_to(bus, &NUMBERS, number).await;
}

async fn publish_to(bus: &Bus, topic: &Topic<u32>, number: u32) {
    let published = async {
        while bus.publish(topic, &number).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TIMEOUT, published).await.unwrap();
}

/// Publishes a message as soon as the server is back, receives until it, and returns the events before it.
async fn recover(
    publisher: &Bus,
    subscription: &mut Subscription<u32>,
    number: u32,
) -> Vec<Received<u32>> {
    let back = Instant::now();
    publish(publisher, number).await;
    let told = receive_until(subscription, number).await;
    println!("healthy after {:?}", back.elapsed());
    told
}

/// Receives until this message, and returns the events before it.
async fn receive_until(subscription: &mut Subscription<u32>, number: u32) -> Vec<Received<u32>> {
    let mut received = Vec::new();
    loop {
        match receive(subscription).await {
            Received::Message { body, .. } if body == number => return received,
            other => received.push(other),
        }
    }
}

#[tokio::test]
async fn redis_is_restarted_without_its_data() {
    let mut server = Redis::start();
    let (bus, other) = (redis(&server.url()), redis(&server.url()));
    let mut subscription = bus.subscribe(&NUMBERS).await.unwrap();
    other.publish(&NUMBERS, &1).await.unwrap();
    assert_eq!(message(&mut subscription).await.1, 1);

    server.stop();
    assert_away(&bus).await;
    // A client that connects now is told when the broker is back.
    let mut late = bus.resume(&LATE, Some("1-1")).await.unwrap();
    stay_away().await;
    server.restart();
    assert_eq!(receive(&mut late).await, Received::Missed(None));
    publish_to(&other, &LATE, 7).await;
    assert_eq!(message(&mut late).await.1, 7);
    // The server does not know how many messages it had.
    let told = recover(&other, &mut subscription, 2).await;
    assert_eq!(told, [Received::Missed(None)]);
    publish(&other, 3).await;
    assert_eq!(message(&mut subscription).await.1, 3);
}

#[tokio::test]
async fn redis_is_paused() {
    let server = Redis::start();
    let (bus, other) = (redis(&server.url()), redis(&server.url()));
    let mut subscription = bus.subscribe(&NUMBERS).await.unwrap();
    other.publish(&NUMBERS, &1).await.unwrap();
    server.pause();
    assert_away(&bus).await;
    stay_away().await;
    server.resume();
    // Nothing is lost; the attempts that got 503 may be published.
    let told = recover(&other, &mut subscription, 2).await;
    let is_message = |told: &Received<u32>| matches!(told, Received::Message { body: 1 | 2, .. });
    assert!(told.iter().all(is_message), "{told:?}");
}

#[tokio::test]
async fn redis_ends_the_connections() {
    let server = Redis::start();
    let (bus, other) = (redis(&server.url()), redis(&server.url()));
    let mut subscription = bus.subscribe(&NUMBERS).await.unwrap();
    for round in 0..10 {
        let killed = std::process::Command::new("redis-cli")
            .args(["-u", &server.url(), "CLIENT", "KILL", "TYPE", "pubsub"])
            .output();
        assert!(killed.unwrap().status.success());
        // Published before the bus listens again.
        publish(&other, 10 + round).await;
        assert_eq!(message(&mut subscription).await.1, 10 + round);
    }
}

#[tokio::test]
async fn postgres_is_restarted_and_paused() {
    let mut server = Postgres::start();
    let (bus, other) = (postgres(&server.url()).await, postgres(&server.url()).await);
    let mut subscription = bus.subscribe(&NUMBERS).await.unwrap();
    other.publish(&NUMBERS, &1).await.unwrap();

    server.stop();
    assert_away(&bus).await;
    stay_away().await;
    server.restart();
    let told = recover(&other, &mut subscription, 2).await;
    let [Received::Message { body: 1, .. }] = &*told else {
        panic!("{told:?}: nothing is lost");
    };

    server.pause();
    assert_away(&bus).await;
    stay_away().await;
    server.resume();
    let told = recover(&other, &mut subscription, 3).await;
    let is_message = |told: &Received<u32>| matches!(told, Received::Message { body: 3, .. });
    assert!(told.iter().all(is_message), "{told:?}");
}

#[tokio::test]
async fn the_history_is_too_short_for_what_was_published_meanwhile() {
    let server = Redis::start();
    let (bus, other) = (redis(&server.url()), redis(&server.url()));
    let mut subscription = bus.subscribe(&NUMBERS).await.unwrap();
    let id = other.publish(&NUMBERS, &0).await.unwrap();
    assert_eq!(message(&mut subscription).await.1, 0);
    // Removes the announcements between, as an outage does.
    let script = "local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)') \
                  for i = 1, 1000 do \
                  redis.call('XADD', KEYS[1], 'MAXLEN', 256, ARGV[1] .. '-' .. (i + 1), 'm', i, 'r', run) end";
    let epoch = id.epoch().to_string();
    let added = std::process::Command::new("redis-cli")
        .args([
            "-u",
            &server.url(),
            "EVAL",
            script,
            "1",
            "bus:numbers",
            &epoch,
        ])
        .output();
    assert!(added.unwrap().status.success());
    other.publish(&NUMBERS, &1001).await.unwrap();
    // 1 to 745 are gone, of 1,001.
    assert_eq!(
        receive(&mut subscription).await,
        Received::Missed(Some(745))
    );
    let rest: Vec<_> = (746..=1001).collect();
    assert_eq!(bodies(&mut subscription, 256).await, rest);
}

#[tokio::test]
async fn a_message_in_a_transaction_is_published_with_it() {
    let url = postgres_database("bus");
    let db = Db::connect(&url).await.unwrap();
    let broker = PostgresBroker::new(db.clone()).await.unwrap();
    let bus = postgres(&url).await;
    let mut subscription = bus.subscribe(&NUMBERS).await.unwrap();

    let publish = async |tx: &Tx, number| broker.publish_in(tx, &NUMBERS, &number).await.unwrap();
    let tx = db.begin().await.unwrap();
    publish(&tx, 1).await;
    tx.rollback().await.unwrap();
    let tx = db.begin().await.unwrap();
    let first = publish(&tx, 2).await;
    let second = publish(&tx, 3).await;
    assert_eq!(first.next(), second);
    // Not before the commit.
    bus.publish(&NUMBERS.of("other"), &0).await.unwrap();
    let early = timeout(Duration::from_millis(100), subscription.receive()).await;
    assert!(early.is_err(), "{early:?}");
    tx.commit().await.unwrap();
    assert_eq!(bodies(&mut subscription, 2).await, [2, 3]);
}

#[tokio::test]
async fn sqlite_has_no_broker() {
    let db = Db::connect("sqlite::memory:").await.unwrap();
    let error = PostgresBroker::new(db).await.unwrap_err();
    assert!(error.to_string().contains("MemoryBroker"), "{error}");
}

/// A server that has lost its newest messages gives their numbers to no others.
#[tokio::test]
async fn redis_is_restored_from_an_older_copy() {
    let mut server = Redis::start();
    let (bus, other) = (redis(&server.url()), redis(&server.url()));
    let mut subscription = bus.subscribe(&NUMBERS).await.unwrap();
    let mut ids = Vec::new();
    for number in 0..10 {
        ids.push(other.publish(&NUMBERS, &number).await.unwrap());
    }
    assert_eq!(bodies(&mut subscription, 10).await.len(), 10);
    server.stop();
    server.restart();
    // As far as the fifth message.
    let add = std::process::Command::new("redis-cli")
        .args(["-u", &server.url(), "XADD", "bus:numbers"])
        .args([&*ids[4].to_string(), "m", "4", "r", "another"])
        .output();
    assert!(add.unwrap().status.success());
    publish(&other, 20).await;
    publish(&other, 21).await;
    let told = receive_until(&mut subscription, 21).await;
    assert!(told.contains(&Received::Missed(None)), "{told:?}");
    let new = |told: &Received<u32>| matches!(told, Received::Message { body: 20, .. });
    assert!(told.iter().any(new), "{told:?}");
    // A client that has seen what is lost now.
    let mut resumed = other
        .resume(&NUMBERS, Some(&ids[9].to_string()))
        .await
        .unwrap();
    assert_eq!(receive(&mut resumed).await, Received::Missed(None));
    assert_eq!(bodies(&mut resumed, 2).await, [20, 21]);
}
