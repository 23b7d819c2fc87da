//! A delivery that comes again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use http::HeaderMap;
use resourceful::prelude::*;
use resourceful_webhook::{
    Begin, Deliveries, Handler, Lease, MemoryDeliveries, Provider, SignatureError, Webhook,
};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;

/// Signs nothing: what is tested here comes after that.
struct Trusted;

impl Provider for Trusted {
    type Event = String;
    type Signature = ();

    fn signature(&self, _: &HeaderMap, _: SystemTime) -> Result<(), SignatureError> {
        Ok(())
    }

    fn verify(&self, (): &(), _: &[u8]) -> Result<(), SignatureError> {
        Ok(())
    }

    fn event(&self, _: &HeaderMap, body: &[u8]) -> Result<String> {
        Ok(String::from_utf8_lossy(body).into_owned())
    }

    fn delivery_id(&self, headers: &HeaderMap, _: &[u8]) -> Option<String> {
        headers.get("x-id")?.to_str().ok().map(str::to_owned)
    }
}

/// Counts, and fails or panics or waits when the event says so.
#[derive(Clone, Default)]
struct Counter {
    handled: Arc<AtomicUsize>,
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
}

#[async_trait]
impl Handler<String> for Counter {
    async fn handle(&self, event: String) -> Result<()> {
        match event.as_str() {
            "fail" => return Err(Error::conflict("Not now.")),
            "panic" => panic!("as told"),
            "wait" | "wait and fail" => {
                self.begun.notify_one();
                self.go_on.notified().await;
                if event.ends_with("fail") {
                    return Err(Error::conflict("Not now."));
                }
            }
            _ => {}
        }
        self.handled.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

struct Endpoint {
    client: TestClient,
    counter: Counter,
}

impl Endpoint {
    fn new(deliveries: impl Deliveries) -> Self {
        let counter = Counter::default();
        let webhook = Webhook::new(Trusted, counter.clone()).with_deliveries(deliveries);
        let client = TestClient::new(App::new().view("/", webhook)).unwrap();
        Self { client, counter }
    }

    async fn deliver(&self, id: &str, body: &str) -> u16 {
        let request = self.client.post("/").header("x-id", id);
        request.body(body.to_owned()).await.status().as_u16()
    }

    fn handled(&self) -> usize {
        self.counter.handled.load(Ordering::Relaxed)
    }
}

async fn a_delivery_has_one_effect(deliveries: impl Deliveries) {
    let endpoint = Endpoint::new(deliveries);
    let same = (0..10).map(|_| async { Ok::<_, Error>(endpoint.deliver("a", "x").await) });
    for status in gather(10, same).await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(endpoint.handled(), 1);
    assert_eq!(endpoint.deliver("b", "x").await, 200);
    assert_eq!(endpoint.handled(), 2);
    // Without an id it cannot be told from another.
    for _ in 0..2 {
        assert_eq!(endpoint.client.post("/").body("x").await.status(), 200);
    }
    assert_eq!(endpoint.handled(), 4);
}

async fn a_delivery_that_failed_may_come_again(deliveries: impl Deliveries) {
    let endpoint = Endpoint::new(deliveries);
    assert_eq!(endpoint.deliver("a", "fail").await, 409);
    assert_eq!(endpoint.deliver("a", "panic").await, 500);
    assert_eq!(endpoint.deliver("a", "x").await, 200);
    assert_eq!(endpoint.handled(), 1);
}

/// Whether the first comes to an end is not known yet: the second waits for that.
async fn a_delivery_that_is_being_processed_is_waited_for(deliveries: impl Deliveries) {
    let endpoint = Arc::new(Endpoint::new(deliveries));
    for (id, body, handled) in [("a", "wait", 1), ("b", "wait and fail", 2)] {
        let first = tokio::spawn({
            let endpoint = Arc::clone(&endpoint);
            async move { endpoint.deliver(id, body).await }
        });
        endpoint.counter.begun.notified().await;
        let second = endpoint.deliver(id, "x");
        let go_on = async { endpoint.counter.go_on.notify_one() };
        let (second, ()) = tokio::join!(second, go_on);
        // The second is as good as the first, or takes over where that failed.
        assert_eq!(second, 200);
        assert_eq!(first.await.unwrap() == 409, body == "wait and fail");
        assert_eq!(endpoint.handled(), handled);
    }
}

/// Not all senders sign their ids, and PostgreSQL has no key of that length.
async fn a_long_id_is_as_good_as_a_short_one(deliveries: impl Deliveries) {
    let endpoint = Endpoint::new(deliveries);
    // PostgreSQL compresses what repeats itself.
    let noise = (0..600).map(|_| format!("{:016x}", Lease::unique().token()));
    let long: String = noise.collect();
    for (id, handled) in [(long.clone(), 1), (long.clone() + "x", 2), (long, 2)] {
        assert_eq!(endpoint.deliver(&id, "x").await, 200);
        assert_eq!(endpoint.handled(), handled);
    }
}

/// GitHub sends one event to all endpoints under the same id.
async fn endpoints_do_not_swallow_each_others_deliveries(deliveries: impl Deliveries) {
    let deliveries: Arc<dyn Deliveries> = Arc::new(deliveries);
    let counter = Counter::default();
    let handler: Arc<dyn Handler<String>> = Arc::new(counter.clone());
    let webhook =
        || Webhook::new(Trusted, Arc::clone(&handler)).with_deliveries(Arc::clone(&deliveries));
    let app = App::new()
        .view("/one", webhook())
        .view("/of/{tenant}", webhook());
    let client = TestClient::new(app).unwrap();
    for path in ["/one", "/of/a", "/of/b", "/one", "/of/a"] {
        let request = client.post(path).header("x-id", "a");
        assert_eq!(request.body("x").await.status(), 200);
    }
    assert_eq!(counter.handled.load(Ordering::Relaxed), 3);
}

async fn begin(deliveries: &impl Deliveries, id: &str) -> Lease {
    match deliveries.begin(id).await.unwrap() {
        Begin::Mine(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// What holds for all adapters. `age` lets all that was begun become so many seconds older.
async fn a_lease_that_is_lost_changes_nothing<D: Deliveries>(
    deliveries: &D,
    age: impl AsyncFn(u64),
) {
    let is = async |id: &str, state: Begin| {
        assert_eq!(deliveries.begin(id).await.unwrap(), state, "{id}");
    };
    // Five minutes are waited for, and no longer.
    let first = begin(deliveries, "a").await;
    age(299).await;
    is("a", Begin::Busy).await;
    age(10).await;
    let second = begin(deliveries, "a").await;
    assert_ne!(first, second);
    // The first one ends after all: the second keeps the delivery.
    deliveries.abandon("a", first).await.unwrap();
    is("a", Begin::Busy).await;
    deliveries.finish("a", first).await.unwrap();
    is("a", Begin::Busy).await;
    deliveries.abandon("a", second).await.unwrap();
    // It was given back: the second is nobody any more, however often it says so.
    let third = begin(deliveries, "a").await;
    deliveries.abandon("a", second).await.unwrap();
    deliveries.finish("a", second).await.unwrap();
    is("a", Begin::Busy).await;
    // Nor does it begin what is not there.
    deliveries.finish("b", third).await.unwrap();
    deliveries.abandon("b", third).await.unwrap();
    // A lease that is over and was taken by nobody still counts.
    age(309).await;
    deliveries.finish("a", third).await.unwrap();
    is("a", Begin::Done).await;
    // What was processed stays so.
    deliveries.abandon("a", third).await.unwrap();
    age(309).await;
    is("a", Begin::Done).await;
    begin(deliveries, "b").await;
}

/// The same through the endpoint: a handler that takes longer than its lease fails in the end,
/// while the next one is at work.
#[tokio::test(start_paused = true)]
async fn a_slow_handler_that_fails_does_not_give_back_the_delivery_of_the_next() {
    let endpoint = Arc::new(Endpoint::new(MemoryDeliveries::default()));
    let deliver = |body: &'static str| {
        let endpoint = Arc::clone(&endpoint);
        tokio::spawn(async move { endpoint.deliver("a", body).await })
    };
    let first = deliver("wait and fail");
    endpoint.counter.begun.notified().await;
    tokio::time::advance(Duration::from_secs(309)).await;
    let second = deliver("wait");
    endpoint.counter.begun.notified().await;
    // The first goes on and fails.
    endpoint.counter.go_on.notify_one();
    assert_ne!(first.await.unwrap(), 200);
    let third = deliver("x");
    assert_eq!(third.await.unwrap(), 503);
    endpoint.counter.go_on.notify_one();
    second.await.unwrap();
    assert_eq!(endpoint.deliver("a", "x").await, 200);
    assert_eq!(endpoint.handled(), 1);
}

macro_rules! with {
    ($deliveries:expr => $($case:ident,)*) => {
        $(#[tokio::test]
        async fn $case() {
            super::$case($deliveries).await;
        })*
    };
}

mod memory {
    use super::*;

    with! { MemoryDeliveries::default() =>
        a_delivery_has_one_effect,
        a_delivery_that_failed_may_come_again,
        a_delivery_that_is_being_processed_is_waited_for,
        endpoints_do_not_swallow_each_others_deliveries,
        a_long_id_is_as_good_as_a_short_one,
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_that_is_lost_changes_nothing() {
        let age = async |seconds| tokio::time::advance(Duration::from_secs(seconds)).await;
        super::a_lease_that_is_lost_changes_nothing(&MemoryDeliveries::default(), age).await;
    }
}

#[cfg(feature = "sea-orm")]
mod sql {
    use std::sync::atomic::AtomicU32;

    use resourceful_webhook::SqlDeliveries;
    use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

    use super::*;

    async fn sqlite() -> DatabaseConnection {
        Database::connect(sqlite_url()).await.unwrap()
    }

    fn sqlite_url() -> String {
        let directory = tempfile::tempdir().unwrap().keep();
        format!(
            "sqlite://{}?mode=rwc",
            directory.join("x.sqlite3").display()
        )
    }

    async fn postgres() -> DatabaseConnection {
        Database::connect(postgres_url().await).await.unwrap()
    }

    async fn postgres_url() -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let url = std::env::var("TEST_POSTGRES_URL")
            .expect("TEST_POSTGRES_URL is not set: run the tests by `./test`");
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("webhook_{}_{number}", std::process::id());
        let admin = Database::connect(&url).await.unwrap();
        admin
            .execute_unprepared(&format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        let (base, _) = url.rsplit_once('/').unwrap();
        format!("{base}/{name}")
    }

    mod on_sqlite {
        use super::*;

        with! { SqlDeliveries::new(sqlite().await).await.unwrap() =>
            a_delivery_has_one_effect,
            a_delivery_that_failed_may_come_again,
            a_delivery_that_is_being_processed_is_waited_for,
        endpoints_do_not_swallow_each_others_deliveries,
        a_long_id_is_as_good_as_a_short_one,
        }
    }

    mod on_postgres {
        use super::*;

        with! { SqlDeliveries::new(postgres().await).await.unwrap() =>
            a_delivery_has_one_effect,
            a_delivery_that_failed_may_come_again,
            a_delivery_that_is_being_processed_is_waited_for,
        endpoints_do_not_swallow_each_others_deliveries,
        a_long_id_is_as_good_as_a_short_one,
        }
    }

    /// All that was begun becomes so many seconds older.
    async fn age(database: &DatabaseConnection, seconds: u64) {
        let sql = format!("UPDATE webhook_delivery SET begun_at = begun_at - {seconds}");
        database.execute_unprepared(&sql).await.unwrap();
    }

    #[tokio::test]
    async fn a_lease_that_is_lost_changes_nothing() {
        for database in [sqlite().await, postgres().await] {
            let deliveries = SqlDeliveries::new(database.clone()).await.unwrap();
            let age = async |seconds| age(&database, seconds).await;
            super::a_lease_that_is_lost_changes_nothing(&deliveries, age).await;
        }
    }

    #[tokio::test]
    async fn what_is_very_old_is_forgotten() {
        for database in [sqlite().await, postgres().await] {
            let deliveries = SqlDeliveries::new(database.clone()).await.unwrap();
            let lease = begin(&deliveries, "done").await;
            deliveries.finish("done", lease).await.unwrap();
            age(&database, 8 * 24 * 60 * 60).await;
            // Another process, whose first delivery is due to clean.
            let later = SqlDeliveries::new(database.clone()).await.unwrap();
            begin(&later, "done").await;
        }
    }

    #[tokio::test]
    async fn a_table_without_leases_gets_them() {
        for database in [sqlite().await, postgres().await] {
            for sql in [
                "CREATE TABLE webhook_delivery (id text PRIMARY KEY, begun_at bigint NOT NULL, \
                 finished boolean NOT NULL)",
                "INSERT INTO webhook_delivery VALUES ('done', 1, true), ('dead', 1, false)",
            ] {
                database.execute_unprepared(sql).await.unwrap();
            }
            let make = async || {
                let made = SqlDeliveries::new(database.clone()).await;
                made.map_err(Error::internal)
            };
            // Several processes at the same time, and once more.
            for made in gather(4, (0..4).map(|_| make())).await {
                made.unwrap();
            }
            let deliveries = make().await.unwrap();
            age(&database, 0).await;
            // Rows this old would be removed by the first `begin`.
            let recent = "UPDATE webhook_delivery SET begun_at = 4102444800 WHERE finished";
            database.execute_unprepared(recent).await.unwrap();
            assert_eq!(deliveries.begin("done").await.unwrap(), Begin::Done);
            begin(&deliveries, "dead").await;
        }
    }

    /// There is no transaction that a request could leave open on its connection.
    #[tokio::test]
    async fn what_is_dropped_on_its_way_loses_nothing_that_comes_later() {
        for url in [sqlite_url(), postgres_url().await] {
            let database = Database::connect(&url).await.unwrap();
            let deliveries = SqlDeliveries::new(database).await.unwrap();
            for number in 0..200 {
                let id = format!("dropped-{number}");
                let mut dropped = Box::pin(deliveries.begin(&id));
                for _ in 0..=number % 10 {
                    tokio::select! {
                        biased;
                        _ = &mut dropped => break,
                        () = tokio::task::yield_now() => {}
                    }
                }
            }
            for number in 0..60 {
                let id = number.to_string();
                let lease = begin(&deliveries, &id).await;
                deliveries.finish(&id, lease).await.unwrap();
            }
            // Other connections see all of them.
            let other = Database::connect(&url).await.unwrap();
            let other = SqlDeliveries::new(other).await.unwrap();
            for number in 0..60 {
                let state = other.begin(&number.to_string()).await.unwrap();
                assert_eq!(state, Begin::Done);
            }
        }
    }

    #[tokio::test]
    async fn several_may_make_the_table_at_the_same_time() {
        let database = postgres().await;
        let make = async || {
            let made = SqlDeliveries::new(database.clone()).await;
            made.map(drop).map_err(Error::internal)
        };
        for made in gather(8, (0..8).map(|_| make())).await {
            made.unwrap();
        }
    }

    #[tokio::test]
    async fn a_database_that_fails_is_unavailable() {
        let database = sqlite().await;
        let deliveries = SqlDeliveries::new(database.clone()).await.unwrap();
        database
            .execute_unprepared("DROP TABLE webhook_delivery")
            .await
            .unwrap();
        assert_eq!(deliveries.begin("a").await.unwrap_err().status(), 503);
    }
}
