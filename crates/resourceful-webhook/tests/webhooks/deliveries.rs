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
            "wait" => {
                self.begun.notify_one();
                self.go_on.notified().await;
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

async fn a_delivery_that_is_being_processed_is_not_begun_again(deliveries: impl Deliveries) {
    let endpoint = Arc::new(Endpoint::new(deliveries));
    let first = tokio::spawn({
        let endpoint = Arc::clone(&endpoint);
        async move { endpoint.deliver("a", "wait").await }
    });
    endpoint.counter.begun.notified().await;
    assert_eq!(endpoint.deliver("a", "x").await, 200);
    assert_eq!(endpoint.handled(), 0);
    endpoint.counter.go_on.notify_one();
    assert_eq!(first.await.unwrap(), 200);
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
        a_delivery_that_is_being_processed_is_not_begun_again,
    }
}

#[cfg(feature = "sea-orm")]
mod sql {
    use std::sync::atomic::AtomicU32;

    use resourceful_webhook::SqlDeliveries;
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
            a_delivery_that_is_being_processed_is_not_begun_again,
        }
    }

    mod on_postgres {
        use super::*;

        with! { SqlDeliveries::new(postgres().await).await.unwrap() =>
            a_delivery_has_one_effect,
            a_delivery_that_failed_may_come_again,
            a_delivery_that_is_being_processed_is_not_begun_again,
        }
    }

    #[tokio::test]
    async fn what_is_old_may_be_begun_again_and_what_is_very_old_is_forgotten() {
        for database in [sqlite().await, postgres().await] {
            let deliveries = SqlDeliveries::new(database.clone()).await.unwrap();
            assert!(deliveries.begin("dead").await.unwrap());
            assert!(deliveries.begin("done").await.unwrap());
            deliveries.finish("done").await.unwrap();
            let age = async |seconds: i64| {
                let sql = format!("UPDATE webhook_delivery SET begun_at = begun_at - {seconds}");
                database.execute_unprepared(&sql).await.unwrap();
            };
            age(299).await;
            assert!(!deliveries.begin("dead").await.unwrap());
            age(10).await;
            assert!(deliveries.begin("dead").await.unwrap());
            assert!(!deliveries.begin("done").await.unwrap());
            age(8 * 24 * 60 * 60).await;
            // Another process, whose first delivery is due to clean.
            let later = SqlDeliveries::new(database.clone()).await.unwrap();
            assert!(later.begin("done").await.unwrap());
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
