//! The contract of [`IdempotencyStore`], which each store keeps.

use std::sync::Arc;
use std::time::Duration;

use resourceful::http::Response;
use resourceful_idempotency::{
    Begun, Claim, IdempotencyStore, MemoryIdempotency, Record, RecordId,
};

const RETENTION: Duration = Duration::from_secs(3);

fn id(key: &str) -> RecordId {
    RecordId::new(["payments", "create"], "ada", key)
}

/// A response that is an error: a store in a database keeps it without an effect.
fn record(body: &'static str) -> Record {
    let response = Response::builder().status(409).header("x-field", "value");
    Record::new([7; 32], response.body(body.into()).unwrap())
}

async fn begin(store: &dyn IdempotencyStore, key: &str) -> Box<dyn Claim> {
    match store.begin(&id(key)).await.unwrap() {
        Begun::New(claim) => claim,
        Begun::Running => panic!("{key} runs"),
        Begun::Kept(record) => panic!("{key} is kept: {record:?}"),
    }
}

async fn is_running(store: &dyn IdempotencyStore, key: &str) -> bool {
    matches!(store.begin(&id(key)).await.unwrap(), Begun::Running)
}

/// Begins when the attempt that runs is over.
async fn begin_next(store: &dyn IdempotencyStore, key: &str) -> Box<dyn Claim> {
    let begun = async {
        loop {
            match store.begin(&id(key)).await.unwrap() {
                Begun::New(claim) => return claim,
                Begun::Running => tokio::time::sleep(Duration::from_millis(20)).await,
                Begun::Kept(record) => panic!("{key} is kept: {record:?}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), begun)
        .await
        .unwrap()
}

async fn body_of(store: &dyn IdempotencyStore, key: &str) -> Option<String> {
    match store.begin(&id(key)).await.unwrap() {
        Begun::Kept(record) => {
            let response = record.response();
            assert_eq!(response.status(), 409);
            assert_eq!(response.headers()["x-field"], "value");
            Some(String::from_utf8(response.body().to_vec()).unwrap())
        }
        Begun::Running => None,
        Begun::New(claim) => {
            claim.release().await;
            None
        }
    }
}

/// `store` keeps responses for [`RETENTION`]; `other` is the same store in another process.
async fn keeps_the_contract(store: Arc<dyn IdempotencyStore>, other: Arc<dyn IdempotencyStore>) {
    // One attempt at a time, here and elsewhere.
    let claim = begin(&*store, "a").await;
    assert!(is_running(&*store, "a").await);
    claim.keep(record("first")).await.unwrap();
    for store in [&store, &other] {
        assert_eq!(body_of(&**store, "a").await.unwrap(), "first");
    }
    // Released and dropped attempts are none.
    begin(&*store, "b").await.release().await;
    begin(&*other, "b").await.release().await;
    begin(&*store, "b").await.keep(record("b")).await.unwrap();
    assert_eq!(body_of(&*other, "b").await.unwrap(), "b");

    // Of many at once one begins; those that come later find its response.
    let tasks = (0..50).map(|number| {
        let store = Arc::clone(if number % 2 == 0 { &store } else { &other });
        tokio::spawn(async move {
            loop {
                match store.begin(&id("many")).await.unwrap() {
                    Begun::New(claim) => {
                        tokio::task::yield_now().await;
                        claim.keep(record("one")).await.unwrap();
                        return true;
                    }
                    Begun::Running => tokio::task::yield_now().await,
                    Begun::Kept(record) => {
                        assert_eq!(record.response().body(), "one");
                        return false;
                    }
                }
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut begun = 0;
    for task in tasks {
        begun += u32::from(task.await.unwrap());
    }
    assert_eq!(begun, 1);

    // A response is kept for its time.
    begin(&*store, "short")
        .await
        .keep(record("old"))
        .await
        .unwrap();
    assert_eq!(body_of(&*store, "short").await.unwrap(), "old");
    let expired = async {
        while body_of(&*store, "short").await.is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), expired)
        .await
        .unwrap();
    begin(&*other, "short")
        .await
        .keep(record("new"))
        .await
        .unwrap();
    assert_eq!(body_of(&*store, "short").await.unwrap(), "new");
}

/// After a dropped attempt another one begins: at once in memory, after its `ROLLBACK` in a database.
async fn forgets_what_is_dropped(store: &dyn IdempotencyStore) {
    drop(begin(store, "dropped").await);
    begin_next(store, "dropped").await.release().await;
}

/// A store in one process, twice.
struct Shared(Arc<MemoryIdempotency>);

#[async_trait::async_trait]
impl IdempotencyStore for Shared {
    async fn begin(&self, id: &RecordId) -> resourceful::Result<Begun> {
        self.0.begin(id).await
    }
}

#[tokio::test]
async fn memory() {
    let store = Arc::new(MemoryIdempotency::default().with_retention(RETENTION));
    let other = Shared(Arc::clone(&store));
    forgets_what_is_dropped(&*store).await;
    keeps_the_contract(store, Arc::new(other)).await;
}

#[tokio::test]
async fn full_memory_takes_no_new_key_and_forgets_none() {
    let store = MemoryIdempotency::with_capacity(2000);
    let body = "x".repeat(1000);
    for key in ["1", "2"] {
        let response = Response::new(body.clone().into());
        let record = Record::new([7; 32], response);
        begin(&store, key).await.keep(record).await.unwrap();
    }
    let error = store.begin(&id("3")).await.err().unwrap();
    assert_eq!(error.status(), 503);
    for key in ["1", "2"] {
        assert!(matches!(
            store.begin(&id(key)).await.unwrap(),
            Begun::Kept(_)
        ));
    }
}

#[cfg(feature = "sql")]
#[tokio::test(flavor = "multi_thread")]
async fn sql() {
    for database in crate::databases::Database::both().await {
        let open = |db| async {
            let store = resourceful_idempotency::SqlIdempotency::new(db).await;
            Arc::new(store.unwrap().with_retention(RETENTION))
        };
        let store = open(database.db.clone()).await;
        let other = open(database.elsewhere().await).await;
        forgets_what_is_dropped(&*store).await;
        keeps_the_contract(store, other).await;
    }
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread")]
async fn redis() {
    use resourceful_idempotency::RedisIdempotency;

    let server = resourceful_test_parts::Redis::start();
    let open = || {
        let store = RedisIdempotency::new(&server.url()).unwrap();
        Arc::new(store.with_retention(RETENTION))
    };
    keeps_the_contract(open(), open()).await;

    // Of a process that was killed the lease ends.
    let store = open().as_ref().clone().with_lease(Duration::from_secs(1));
    drop(begin(&store, "killed").await);
    assert!(is_running(&store, "killed").await);
    begin_next(&store, "killed").await.release().await;

    // An attempt that runs for longer than its lease does not replace the response of the next one.
    let slow = begin(&store, "slow").await;
    let next = begin_next(&store, "slow").await;
    next.keep(record("next")).await.unwrap();
    slow.keep(record("slow")).await.unwrap();
    assert_eq!(body_of(&store, "slow").await.unwrap(), "next");
}

/// Without its server no action begins, and what has run is kept when the server is back.
#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread")]
async fn redis_away() {
    let mut server = resourceful_test_parts::Redis::start();
    let store = resourceful_idempotency::RedisIdempotency::new(&server.url()).unwrap();
    let claim = begin(&store, "a").await;
    server.stop();
    let error = store.begin(&id("b")).await.err().unwrap();
    assert_eq!(error.status(), 503);
    server.restart();
    claim.keep(record("late")).await.unwrap();
    assert_eq!(body_of(&store, "a").await.unwrap(), "late");
}
