//! The contract of stores of API keys, which each of them passes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use resourceful::gather;
use resourceful_auth::{ApiKey, ApiKeyStore, MemoryApiKeyStore, SecretHash};

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn key(id: &str, owner: &str, created: u64) -> ApiKey {
    ApiKey {
        id: id.to_owned(),
        owner: owner.to_owned(),
        name: format!("key {id}"),
        scopes: Vec::new(),
        created_at: at(created),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

fn hash(byte: u8) -> SecretHash {
    SecretHash::from_bytes([byte; 32])
}

async fn insert(store: &dyn ApiKeyStore, key: &ApiKey) {
    store.insert(key, &hash(1)).await.unwrap();
}

async fn find(store: &dyn ApiKeyStore, id: &str) -> ApiKey {
    store.find(id).await.unwrap().unwrap().0
}

/// The texts are those that a careless store would change.
async fn a_key_is_found_as_it_was_inserted(store: &dyn ApiKeyStore) {
    let full = ApiKey {
        name: "'; DROP TABLE api_key; -- \" \\ %_ \n ü 🔑".to_owned(),
        owner: "Zoë 'x' $1".to_owned(),
        scopes: vec!["posts:write".into(), "$1".into(), "a'b".into()],
        expires_at: Some(at(4_102_444_800)),
        revoked_at: Some(at(1)),
        last_used_at: Some(at(253_402_300_799)),
        ..key("full", "", 0)
    };
    for (key, bytes) in [
        (full, [255; 32]),
        (key("empty", "", 1_700_000_000), [0; 32]),
    ] {
        let stored = SecretHash::from_bytes(bytes);
        store.insert(&key, &stored).await.unwrap();
        let (found, hash) = store.find(&key.id).await.unwrap().unwrap();
        assert_eq!(found, key);
        assert_eq!(hash.as_bytes(), &bytes);
    }
    for unknown in ["", "FULL", "ful", "full ", "%"] {
        assert!(store.find(unknown).await.unwrap().is_none(), "{unknown}");
    }
}

async fn an_id_is_inserted_once(store: &dyn ApiKeyStore) {
    let insert = async |byte: u8| {
        store
            .insert(&key("a", "alice", byte.into()), &hash(byte))
            .await
    };
    let results = gather(8, (1..=8).map(insert)).await;
    let inserted: Vec<usize> = (0..8).filter(|at| results[*at].is_ok()).collect();
    assert_eq!(inserted.len(), 1);
    let (_, hash) = store.find("a").await.unwrap().unwrap();
    assert_eq!(usize::from(hash.as_bytes()[0]), inserted[0] + 1);
}

async fn keys_of_one_owner_are_listed(store: &dyn ApiKeyStore) {
    for (id, owner, created) in [
        ("c", "alice", 5),
        ("a", "alice", 5),
        ("b", "alice", 9),
        ("d", "alice", 1),
        ("e", "bob", 7),
        ("f", "Alice", 7),
        ("g", "alice ", 7),
    ] {
        insert(store, &key(id, owner, created)).await;
    }
    let ids = async |owner| {
        let listed = store.list(owner).await.unwrap();
        listed.into_iter().map(|key| key.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("alice").await, ["b", "a", "c", "d"]);
    assert_eq!(ids("bob").await, ["e"]);
    assert!(ids("%").await.is_empty());
    assert!(ids("").await.is_empty());
}

async fn a_list_has_1000_keys(store: &dyn ApiKeyStore) {
    for number in 0..1001 {
        insert(store, &key(&number.to_string(), "alice", number)).await;
    }
    let listed = store.list("alice").await.unwrap();
    assert_eq!(listed.len(), 1000);
    assert_eq!(
        (listed[0].id.as_str(), listed[999].id.as_str()),
        ("1000", "1")
    );
}

async fn a_key_is_revoked_by_its_owner(store: &dyn ApiKeyStore) {
    insert(store, &key("a", "alice", 1)).await;
    insert(store, &key("b", "alice", 1)).await;
    for (owner, id) in [("bob", "a"), ("", "a"), ("alice", "c")] {
        let revoked = store.revoke(owner, id, at(5)).await.unwrap();
        assert_eq!(revoked, None, "{owner} {id}");
    }
    assert_eq!(find(store, "a").await.revoked_at, None);
    // The first time stays.
    for time in [7, 9] {
        let revoked = store.revoke("alice", "a", at(time)).await.unwrap();
        assert_eq!(revoked.unwrap().revoked_at, Some(at(7)));
        assert_eq!(find(store, "a").await.revoked_at, Some(at(7)));
    }
    assert_eq!(find(store, "b").await.revoked_at, None);
}

async fn the_last_use_is_the_latest(store: &dyn ApiKeyStore) {
    insert(store, &key("a", "alice", 1)).await;
    insert(store, &key("b", "alice", 1)).await;
    for (use_at, latest) in [(100, 100), (300, 300), (200, 300)] {
        store.record_use("a", at(use_at)).await.unwrap();
        assert_eq!(find(store, "a").await.last_used_at, Some(at(latest)));
    }
    store.record_use("c", at(1)).await.unwrap();
    assert_eq!(find(store, "b").await.last_used_at, None);
    assert!(store.find("c").await.unwrap().is_none());
}

macro_rules! contract {
    ($store:ident: $($case:ident,)*) => {
        $(#[tokio::test]
        async fn $case() {
            super::$case(&$store().await).await;
        })*
    };
    ($store:ident) => {
        contract! { $store:
            a_key_is_found_as_it_was_inserted,
            an_id_is_inserted_once,
            keys_of_one_owner_are_listed,
            a_list_has_1000_keys,
            a_key_is_revoked_by_its_owner,
            the_last_use_is_the_latest,
        }
    };
}

mod in_memory {
    use super::*;

    async fn store() -> MemoryApiKeyStore {
        MemoryApiKeyStore::default()
    }

    contract!(store);
}

#[cfg(feature = "sea-orm")]
mod sql {
    use resourceful::Error;
    use resourceful_auth::{ApiKeys, NewApiKey, SqlApiKeyStore};
    use resourceful_db::Db;
    use resourceful_test_parts::Postgres;
    use sea_orm::ConnectionTrait;

    use super::*;
    use crate::access::client;
    use crate::database::{connect, postgres_url, sqlite_url, urls};

    async fn on(url: &str) -> SqlApiKeyStore<Db> {
        SqlApiKeyStore::new(connect(url).await).await.unwrap()
    }

    mod on_sqlite {
        use super::*;

        async fn store() -> SqlApiKeyStore<Db> {
            on(&sqlite_url()).await
        }

        contract!(store);
    }

    mod on_postgres {
        use super::*;

        async fn store() -> SqlApiKeyStore<Db> {
            on(&postgres_url()).await
        }

        contract!(store);
    }

    #[tokio::test]
    async fn processes_may_create_the_table_at_the_same_time() {
        for url in urls() {
            let database = connect(&url).await;
            let create = async || {
                let created = SqlApiKeyStore::new(database.clone()).await;
                created.map(drop).map_err(Error::internal)
            };
            for created in gather(8, (0..8).map(|_| create())).await {
                created.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn a_column_may_be_added_while_the_program_runs() {
        for url in urls() {
            let database = connect(&url).await;
            let store = SqlApiKeyStore::new(database.clone()).await.unwrap();
            insert(&store, &key("a", "alice", 1)).await;
            // Statements that the connection has prepared meet the new column.
            for column in ["first", "second"] {
                find(&store, "a").await;
                let add = format!("ALTER TABLE api_key ADD COLUMN {column} text");
                database.execute_unprepared(&add).await.unwrap();
            }
            find(&store, "a").await;
        }
    }

    #[tokio::test]
    async fn a_database_that_fails_is_unavailable() {
        for url in urls() {
            let database = connect(&url).await;
            let store = SqlApiKeyStore::new(database.clone()).await.unwrap();
            database
                .execute_unprepared("DROP TABLE api_key")
                .await
                .unwrap();
            let key = key("a", "alice", 1);
            for error in [
                store.insert(&key, &hash(1)).await.unwrap_err(),
                store.find("a").await.unwrap_err(),
                store.list("alice").await.unwrap_err(),
                store.revoke("alice", "a", at(1)).await.unwrap_err(),
                store.record_use("a", at(1)).await.unwrap_err(),
            ] {
                assert_eq!(error.status(), 503);
            }
        }
    }

    #[tokio::test]
    async fn requests_are_503_while_the_server_is_away() {
        let mut postgres = Postgres::start();
        let database = connect(&postgres.url()).await;
        let keys = ApiKeys::new("acme", SqlApiKeyStore::new(database).await.unwrap());
        let issued = keys
            .create(NewApiKey::new("alice", "laptop"))
            .await
            .unwrap();
        let client = client(&keys);
        let value = format!("Bearer {}", issued.text);
        let get = async || client.get("/").header("authorization", &value).await;
        assert_eq!(get().await.status(), 200);
        postgres.stop();
        let response = get().await;
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["retry-after"], "5");
        assert!(
            !response.text().contains("127.0.0.1"),
            "{}",
            response.text()
        );
        postgres.restart();
        assert_eq!(get().await.status(), 200);
    }

    /// A dropped request leaves no open transaction on its connection.
    #[tokio::test]
    async fn dropped_operations_lose_no_later_write() {
        for url in urls() {
            let store = on(&url).await;
            insert(&store, &key("used", "alice", 1)).await;
            for number in 0..200_usize {
                let id = format!("dropped{number}");
                let key = key(&id, "alice", 1);
                let hash = hash(1);
                let mut dropped = Box::pin(async {
                    store.insert(&key, &hash).await?;
                    store.record_use("used", at(1)).await?;
                    store.revoke("alice", &id, at(1)).await
                });
                for _ in 0..=number % 20 {
                    tokio::select! {
                        biased;
                        _ = &mut dropped => break,
                        () = tokio::task::yield_now() => {}
                    }
                }
            }
            for number in 0..60 {
                let id = number.to_string();
                insert(&store, &key(&id, "bob", 1)).await;
                store.revoke("bob", &id, at(7)).await.unwrap().unwrap();
            }
            // Other connections see all of the writes.
            let other = on(&url).await;
            let listed = other.list("bob").await.unwrap();
            assert_eq!(listed.len(), 60);
            assert!(listed.iter().all(|key| key.revoked_at == Some(at(7))));
        }
    }
}
