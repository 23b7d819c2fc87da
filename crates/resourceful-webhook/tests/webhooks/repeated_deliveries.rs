//! Repeated store.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use http::HeaderMap;
use resourceful::prelude::*;
use resourceful_webhook::{
    Claim, DeliveryStore, Handler, Lease, MemoryDeliveryStore, Provider, SignatureError, Webhook,
};
use std::time::{Duration, SystemTime};
use tokio::sync::Notify;

/// A provider without signatures.
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

/// Counts events; fails, panics or waits if the event's text is that word.
#[derive(Clone, Default)]
struct Counter {
    handled: Arc<AtomicUsize>,
    started: Arc<Notify>,
    resume: Arc<Notify>,
}

#[async_trait]
impl Handler<String> for Counter {
    async fn handle(&self, event: String) -> Result<()> {
        match event.as_str() {
            "fail" => return Err(Error::conflict("Not now.")),
            "panic" => panic!("on purpose"),
            "wait" | "wait and fail" => {
                self.started.notify_one();
                self.resume.notified().await;
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
    fn new(store: impl DeliveryStore) -> Self {
        let counter = Counter::default();
        let webhook = Webhook::new(Trusted, counter.clone()).with_delivery_store(store);
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

async fn a_delivery_has_one_effect(store: impl DeliveryStore) {
    let endpoint = Endpoint::new(store);
    let same = (0..10).map(|_| async { Ok::<_, Error>(endpoint.deliver("a", "x").await) });
    for status in gather(10, same).await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(endpoint.handled(), 1);
    assert_eq!(endpoint.deliver("b", "x").await, 200);
    assert_eq!(endpoint.handled(), 2);
    // Without an id each delivery is processed.
    for _ in 0..2 {
        assert_eq!(endpoint.client.post("/").body("x").await.status(), 200);
    }
    assert_eq!(endpoint.handled(), 4);
}

async fn a_failed_delivery_is_processed_again(store: impl DeliveryStore) {
    let endpoint = Endpoint::new(store);
    assert_eq!(endpoint.deliver("a", "fail").await, 409);
    assert_eq!(endpoint.deliver("a", "panic").await, 500);
    assert_eq!(endpoint.deliver("a", "x").await, 200);
    assert_eq!(endpoint.handled(), 1);
}

/// The second delivery waits, because the first may still fail.
async fn a_duplicate_waits_for_the_first(store: impl DeliveryStore) {
    let endpoint = Arc::new(Endpoint::new(store));
    for (id, body, handled) in [("a", "wait", 1), ("b", "wait and fail", 2)] {
        let first = tokio::spawn({
            let endpoint = Arc::clone(&endpoint);
            async move { endpoint.deliver(id, body).await }
        });
        endpoint.counter.started.notified().await;
        let second = endpoint.deliver(id, "x");
        let resume = async { endpoint.counter.resume.notify_one() };
        let (second, ()) = tokio::join!(second, resume);
        // The second shares the success of the first, or is processed if the first failed.
        assert_eq!(second, 200);
        assert_eq!(first.await.unwrap() == 409, body == "wait and fail");
        assert_eq!(endpoint.handled(), handled);
    }
}

/// Not all senders sign their ids, and PostgreSQL limits the length of keys.
async fn a_long_id_identifies_a_delivery(store: impl DeliveryStore) {
    let endpoint = Endpoint::new(store);
    // Random, because PostgreSQL compresses repetitions.
    let noise = (0..600).map(|_| format!("{:016x}", Lease::unique().token()));
    let long: String = noise.collect();
    for (id, handled) in [(long.clone(), 1), (long.clone() + "x", 2), (long, 2)] {
        assert_eq!(endpoint.deliver(&id, "x").await, 200);
        assert_eq!(endpoint.handled(), handled);
    }
}

/// GitHub sends an event to all endpoints under the same id.
async fn endpoints_process_the_same_id_separately(store: impl DeliveryStore) {
    let store: Arc<dyn DeliveryStore> = Arc::new(store);
    let counter = Counter::default();
    let handler: Arc<dyn Handler<String>> = Arc::new(counter.clone());
    let webhook =
        || Webhook::new(Trusted, Arc::clone(&handler)).with_delivery_store(Arc::clone(&store));
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

async fn acquire(store: &impl DeliveryStore, id: &str) -> Lease {
    match store.claim(id).await.unwrap() {
        Claim::Acquired(lease) => lease,
        other => panic!("{other:?}"),
    }
}

/// A test of all stores. `age` makes all leases this many seconds older.
async fn a_lost_lease_has_no_effect<D: DeliveryStore>(store: &D, age: impl AsyncFn(u64)) {
    let assert_claim = async |id: &str, state: Claim| {
        assert_eq!(store.claim(id).await.unwrap(), state, "{id}");
    };
    // A lease lasts five minutes.
    let first = acquire(store, "a").await;
    age(299).await;
    assert_claim("a", Claim::InProgress).await;
    age(10).await;
    let second = acquire(store, "a").await;
    assert_ne!(first, second);
    // The first lease is lost: the second keeps the delivery.
    store.release("a", first).await.unwrap();
    assert_claim("a", Claim::InProgress).await;
    store.complete("a", first).await.unwrap();
    assert_claim("a", Claim::InProgress).await;
    store.release("a", second).await.unwrap();
    // The second lease was released and has no effect any more.
    let third = acquire(store, "a").await;
    store.release("a", second).await.unwrap();
    store.complete("a", second).await.unwrap();
    assert_claim("a", Claim::InProgress).await;
    // Leases of unknown ids have no effect.
    store.complete("b", third).await.unwrap();
    store.release("b", third).await.unwrap();
    // An expired lease still counts if the delivery was not claimed again.
    age(309).await;
    store.complete("a", third).await.unwrap();
    assert_claim("a", Claim::Processed).await;
    // Processed deliveries stay processed.
    store.release("a", third).await.unwrap();
    age(309).await;
    assert_claim("a", Claim::Processed).await;
    acquire(store, "b").await;
}

/// A handler that exceeds its lease fails while the next one is running.
#[tokio::test(start_paused = true)]
async fn a_slow_handler_that_fails_does_not_release_the_next_lease() {
    let endpoint = Arc::new(Endpoint::new(MemoryDeliveryStore::default()));
    let deliver = |body: &'static str| {
        let endpoint = Arc::clone(&endpoint);
        tokio::spawn(async move { endpoint.deliver("a", body).await })
    };
    let first = deliver("wait and fail");
    endpoint.counter.started.notified().await;
    tokio::time::advance(Duration::from_secs(309)).await;
    let second = deliver("wait");
    endpoint.counter.started.notified().await;
    // The first handler resumes and fails.
    endpoint.counter.resume.notify_one();
    assert_ne!(first.await.unwrap(), 200);
    let third = deliver("x");
    assert_eq!(third.await.unwrap(), 503);
    endpoint.counter.resume.notify_one();
    second.await.unwrap();
    assert_eq!(endpoint.deliver("a", "x").await, 200);
    assert_eq!(endpoint.handled(), 1);
}

macro_rules! with {
    ($store:expr => $($case:ident,)*) => {
        $(#[tokio::test]
        async fn $case() {
            super::$case($store).await;
        })*
    };
}

mod memory {
    use super::*;

    with! { MemoryDeliveryStore::default() =>
        a_delivery_has_one_effect,
        a_failed_delivery_is_processed_again,
        a_duplicate_waits_for_the_first,
        endpoints_process_the_same_id_separately,
        a_long_id_identifies_a_delivery,
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_lease_has_no_effect() {
        let age = async |seconds| tokio::time::advance(Duration::from_secs(seconds)).await;
        super::a_lost_lease_has_no_effect(&MemoryDeliveryStore::default(), age).await;
    }
}

#[cfg(feature = "sea-orm")]
mod sql {

    use resourceful_db::Db;
    use resourceful_webhook::SqlDeliveryStore;
    use sea_orm::ConnectionTrait;

    use super::*;

    async fn sqlite() -> Db {
        Db::connect(&sqlite_url()).await.unwrap()
    }

    fn sqlite_url() -> String {
        let directory = tempfile::tempdir().unwrap().keep();
        format!("sqlite://{}", directory.join("x.sqlite3").display())
    }

    async fn postgres() -> Db {
        Db::connect(&postgres_url()).await.unwrap()
    }

    fn postgres_url() -> String {
        resourceful_test_parts::postgres_database("webhook")
    }

    mod on_sqlite {
        use super::*;

        with! { SqlDeliveryStore::new(sqlite().await).await.unwrap() =>
            a_delivery_has_one_effect,
            a_failed_delivery_is_processed_again,
            a_duplicate_waits_for_the_first,
        endpoints_process_the_same_id_separately,
        a_long_id_identifies_a_delivery,
        }
    }

    mod on_postgres {
        use super::*;

        with! { SqlDeliveryStore::new(postgres().await).await.unwrap() =>
            a_delivery_has_one_effect,
            a_failed_delivery_is_processed_again,
            a_duplicate_waits_for_the_first,
        endpoints_process_the_same_id_separately,
        a_long_id_identifies_a_delivery,
        }
    }

    /// Makes all leases this many seconds older.
    async fn age(database: &Db, seconds: u64) {
        let sql = format!("UPDATE webhook_delivery SET begun_at = begun_at - {seconds}");
        database.execute_unprepared(&sql).await.unwrap();
    }

    #[tokio::test]
    async fn a_lost_lease_has_no_effect() {
        for database in [sqlite().await, postgres().await] {
            let store = SqlDeliveryStore::new(database.clone()).await.unwrap();
            let age = async |seconds| age(&database, seconds).await;
            super::a_lost_lease_has_no_effect(&store, age).await;
        }
    }

    #[tokio::test]
    async fn old_ids_are_removed() {
        for database in [sqlite().await, postgres().await] {
            let store = SqlDeliveryStore::new(database.clone()).await.unwrap();
            let lease = acquire(&store, "done").await;
            store.complete("done", lease).await.unwrap();
            age(&database, 8 * 24 * 60 * 60).await;
            // The first delivery of another process removes old ids.
            let later = SqlDeliveryStore::new(database.clone()).await.unwrap();
            acquire(&later, "done").await;
        }
    }

    #[tokio::test]
    async fn a_table_without_leases_is_upgraded() {
        for database in [sqlite().await, postgres().await] {
            for sql in [
                "CREATE TABLE webhook_delivery (id text PRIMARY KEY, begun_at bigint NOT NULL, \
                 finished boolean NOT NULL)",
                "INSERT INTO webhook_delivery VALUES ('done', 1, true), ('dead', 1, false)",
            ] {
                database.execute_unprepared(sql).await.unwrap();
            }
            let create = async || {
                let created = SqlDeliveryStore::new(database.clone()).await;
                created.map_err(Error::internal)
            };
            // Several processes at the same time, then another one.
            for created in gather(4, (0..4).map(|_| create())).await {
                created.unwrap();
            }
            let store = create().await.unwrap();
            age(&database, 0).await;
            // The first `claim` would remove rows this old.
            let recent = "UPDATE webhook_delivery SET begun_at = 4102444800 WHERE finished";
            database.execute_unprepared(recent).await.unwrap();
            assert_eq!(store.claim("done").await.unwrap(), Claim::Processed);
            acquire(&store, "dead").await;
        }
    }

    /// A dropped request leaves no open transaction on its connection.
    #[tokio::test]
    async fn dropped_claims_do_not_lose_later_deliveries() {
        for url in [sqlite_url(), postgres_url()] {
            let database = Db::connect(&url).await.unwrap();
            let store = SqlDeliveryStore::new(database).await.unwrap();
            for number in 0..200 {
                let id = format!("dropped-{number}");
                let mut dropped = Box::pin(store.claim(&id));
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
                let lease = acquire(&store, &id).await;
                store.complete(&id, lease).await.unwrap();
            }
            // Other connections see all of the store.
            let other = Db::connect(&url).await.unwrap();
            let other = SqlDeliveryStore::new(other).await.unwrap();
            for number in 0..60 {
                let state = other.claim(&number.to_string()).await.unwrap();
                assert_eq!(state, Claim::Processed);
            }
        }
    }

    #[tokio::test]
    async fn processes_may_create_the_table_concurrently() {
        let database = postgres().await;
        let create = async || {
            let created = SqlDeliveryStore::new(database.clone()).await;
            created.map(drop).map_err(Error::internal)
        };
        for created in gather(8, (0..8).map(|_| create())).await {
            created.unwrap();
        }
    }

    #[tokio::test]
    async fn a_database_that_fails_is_unavailable() {
        let database = sqlite().await;
        let store = SqlDeliveryStore::new(database.clone()).await.unwrap();
        database
            .execute_unprepared("DROP TABLE webhook_delivery")
            .await
            .unwrap();
        assert_eq!(store.claim("a").await.unwrap_err().status(), 503);
    }
}
