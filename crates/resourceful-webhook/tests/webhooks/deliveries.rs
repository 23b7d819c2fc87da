//! A delivery that comes again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use http::HeaderMap;
use resourceful::prelude::*;
use resourceful_webhook::{
    Deliveries, Handler, MemoryDeliveries, Provider, SignatureError, Webhook,
};
use std::time::SystemTime;
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
    }
}

#[cfg(feature = "sea-orm")]
mod sql {
    use std::sync::atomic::AtomicU32;

    use resourceful_webhook::{Begin, SqlDeliveries};
    use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

    use super::*;

    async fn sqlite() -> DatabaseConnection {
        let directory = tempfile::tempdir().unwrap().keep();
        let url = format!(
            "sqlite://{}?mode=rwc",
            directory.join("x.sqlite3").display()
        );
        Database::connect(url).await.unwrap()
    }

    async fn postgres() -> DatabaseConnection {
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
        Database::connect(format!("{base}/{name}")).await.unwrap()
    }

    mod on_sqlite {
        use super::*;

        with! { SqlDeliveries::new(sqlite().await).await.unwrap() =>
            a_delivery_has_one_effect,
            a_delivery_that_failed_may_come_again,
            a_delivery_that_is_being_processed_is_waited_for,
        endpoints_do_not_swallow_each_others_deliveries,
        }
    }

    mod on_postgres {
        use super::*;

        with! { SqlDeliveries::new(postgres().await).await.unwrap() =>
            a_delivery_has_one_effect,
            a_delivery_that_failed_may_come_again,
            a_delivery_that_is_being_processed_is_waited_for,
        endpoints_do_not_swallow_each_others_deliveries,
        }
    }

    #[tokio::test]
    async fn what_is_old_may_be_begun_again_and_what_is_very_old_is_forgotten() {
        for database in [sqlite().await, postgres().await] {
            let deliveries = SqlDeliveries::new(database.clone()).await.unwrap();
            assert_eq!(deliveries.begin("dead").await.unwrap(), Begin::Mine);
            assert_eq!(deliveries.begin("done").await.unwrap(), Begin::Mine);
            deliveries.finish("done").await.unwrap();
            let age = async |seconds: i64| {
                let sql = format!("UPDATE webhook_delivery SET begun_at = begun_at - {seconds}");
                database.execute_unprepared(&sql).await.unwrap();
            };
            age(299).await;
            assert_eq!(deliveries.begin("dead").await.unwrap(), Begin::Busy);
            age(10).await;
            assert_eq!(deliveries.begin("dead").await.unwrap(), Begin::Mine);
            assert_eq!(deliveries.begin("done").await.unwrap(), Begin::Done);
            age(8 * 24 * 60 * 60).await;
            // Another process, whose first delivery is due to clean.
            let later = SqlDeliveries::new(database.clone()).await.unwrap();
            assert_eq!(later.begin("done").await.unwrap(), Begin::Mine);
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
