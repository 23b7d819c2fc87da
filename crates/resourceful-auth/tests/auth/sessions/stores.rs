//! The contract of session stores: each passes the same tests.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use resourceful_auth::{SessionKey, SessionStore, StoredSession};

use super::site::{Browser, Clock, app, polled, sessions_in};

pub(super) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs().try_into().unwrap()
}

pub(super) fn key(number: u8) -> SessionKey {
    SessionKey::new([number; 32])
}

pub(super) fn session(owner: &str) -> StoredSession {
    let now = now();
    StoredSession {
        owner: owner.into(),
        data: r#"{"visits":0}"#.into(),
        version: 0,
        created_at: now,
        last_seen_at: now,
        expires_at: now + 1000,
    }
}

/// The sessions of an owner by number, in which `find` and `list` agree.
async fn numbers(store: &dyn SessionStore, owner: &str) -> Vec<u8> {
    let listed = store.list(owner).await.unwrap();
    let mut numbers = Vec::new();
    for number in 0..50 {
        let found = store.find(key(number)).await.unwrap();
        let found = found.filter(|found| &*found.owner == owner);
        let entry = listed.iter().find(|(listed, _)| *listed == key(number));
        assert_eq!(
            found.as_ref(),
            entry.map(|(_, session)| session),
            "{number}"
        );
        if found.is_some() {
            numbers.push(number);
        }
    }
    assert_eq!(listed.len(), numbers.len());
    numbers
}

async fn a_session_is_created_found_and_deleted(store: impl SessionStore) {
    assert_eq!(store.find(key(1)).await.unwrap(), None);
    let (one, two) = (session("ada"), session("bob"));
    store.create(key(1), one.clone()).await.unwrap();
    store.create(key(2), two.clone()).await.unwrap();
    assert_eq!(store.find(key(1)).await.unwrap(), Some(one.clone()));
    assert_eq!(store.find(key(2)).await.unwrap(), Some(two));
    assert_eq!(store.list("ada").await.unwrap(), [(key(1), one)]);
    store.delete(key(1)).await.unwrap();
    store.delete(key(1)).await.unwrap();
    assert_eq!(store.find(key(1)).await.unwrap(), None);
    assert_eq!(numbers(&store, "ada").await, [0_u8; 0]);
    assert_eq!(numbers(&store, "bob").await, [2]);
}

/// No operation but `create` makes a session, so that none comes back after its end.
async fn a_session_that_is_missing_stays_so(store: impl SessionStore) {
    for is_deleted in [false, true] {
        if is_deleted {
            store.create(key(1), session("ada")).await.unwrap();
            store.delete_all("ada").await.unwrap();
        }
        assert!(!store.replace(key(1), 0, "{}").await.unwrap());
        store
            .touch(key(1), now() + 100, now() + 2000)
            .await
            .unwrap();
        store.delete(key(1)).await.unwrap();
        assert_eq!(store.find(key(1)).await.unwrap(), None);
        assert!(store.list("ada").await.unwrap().is_empty());
    }
}

async fn data_is_replaced_if_the_version_is_equal(store: impl SessionStore) {
    let mut expected = session("ada");
    store.create(key(1), expected.clone()).await.unwrap();
    assert!(!store.replace(key(1), 1, "1").await.unwrap());
    assert!(!store.replace(key(1), -1, "1").await.unwrap());
    assert!(store.replace(key(1), 0, "1").await.unwrap());
    assert!(!store.replace(key(1), 0, "2").await.unwrap());
    assert!(store.replace(key(1), 1, "3").await.unwrap());
    (expected.version, expected.data) = (2, "3".into());
    assert_eq!(store.find(key(1)).await.unwrap(), Some(expected));
}

async fn of_many_changes_at_once_one_succeeds(store: impl SessionStore) {
    store.create(key(1), session("ada")).await.unwrap();
    let store = Arc::new(store);
    for version in 0..5 {
        let tasks: Vec<_> = (0..20)
            .map(|number| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let data = number.to_string();
                    let is_ours = store.replace(key(1), version, &data).await.unwrap();
                    is_ours.then_some(data)
                })
            })
            .collect();
        let mut winners = Vec::new();
        for task in tasks {
            winners.extend(task.await.unwrap());
        }
        let found = store.find(key(1)).await.unwrap().unwrap();
        assert_eq!(winners, [&*found.data]);
        assert_eq!(found.version, version + 1);
    }
}

async fn the_last_request_is_never_set_back(store: impl SessionStore) {
    let mut expected = session("ada");
    let start = expected.last_seen_at;
    store.create(key(1), expected.clone()).await.unwrap();
    assert!(store.replace(key(1), 0, "7").await.unwrap());
    for seen in [start + 60, start + 60, start + 30, start] {
        store.touch(key(1), seen, seen + 2000).await.unwrap();
    }
    (expected.last_seen_at, expected.expires_at) = (start + 60, start + 2060);
    (expected.version, expected.data) = (1, "7".into());
    assert_eq!(store.find(key(1)).await.unwrap(), Some(expected));
    // It is still one of its owner's.
    assert_eq!(numbers(&store, "ada").await, [1]);
    store.delete_all("ada").await.unwrap();
    assert_eq!(store.find(key(1)).await.unwrap(), None);
}

async fn all_sessions_of_one_owner_are_deleted(store: impl SessionStore) {
    let long = "x".repeat(256);
    let owners = [
        "ada",
        "Ada",
        "ad",
        "ada ",
        "",
        "*",
        "%",
        "a:b",
        "a'b",
        "é",
        "\u{1f980}",
        "{a}",
        "a\nb",
        &long,
    ];
    let mut number = 0;
    for owner in owners {
        for _ in 0..3 {
            store.create(key(number), session(owner)).await.unwrap();
            number += 1;
        }
    }
    for (index, owner) in owners.iter().enumerate() {
        assert_eq!(numbers(&store, owner).await.len(), 3, "{owner:?}");
        store.delete_all(owner).await.unwrap();
        assert!(numbers(&store, owner).await.is_empty(), "{owner:?}");
        for other in &owners[index + 1..] {
            assert_eq!(
                store.list(other).await.unwrap().len(),
                3,
                "{owner:?} {other:?}"
            );
        }
    }
}

async fn data_and_times_come_back_as_they_were(store: impl SessionStore) {
    let data = format!(
        r#"{{"text":"{}","é":"\u0000\ud83e\udd80 \"' $1 ? :a"}}"#,
        "x".repeat(16_000)
    );
    for (number, (data, expires_at)) in [
        (data.as_str(), now() + 10),
        ("null", i64::MAX),
        ("\"\"", 253_402_300_800),
        (" [ 1 ] ", now() + 100 * 365 * 24 * 60 * 60),
    ]
    .into_iter()
    .enumerate()
    {
        let key = key(number.try_into().unwrap());
        let mut expected = session("ada");
        (expected.data, expected.expires_at) = (data.into(), expires_at);
        store.create(key, expected.clone()).await.unwrap();
        assert_eq!(store.find(key).await.unwrap().as_ref(), Some(&expected));
        let seen = expected.last_seen_at + 1;
        store.touch(key, seen, expires_at).await.unwrap();
        expected.last_seen_at = seen;
        assert_eq!(store.find(key).await.unwrap(), Some(expected));
    }
}

/// A future that is dropped at any await leaves the whole change or none, and a store that works. A
/// statement that was sent may still run later, so each round has sessions of its own.
async fn a_dropped_operation_is_whole_or_missing(store: impl SessionStore) {
    for polls in 0..12 {
        let owner = format!("ada-{polls}");
        let key = |number| key(10 * u8::try_from(polls).unwrap() + number);
        polled(store.create(key(1), session(&owner)), polls).await;

        store.create(key(2), session(&owner)).await.unwrap();
        polled(store.replace(key(2), 0, "7"), polls).await;
        let seen = now() + 100;
        polled(store.touch(key(2), seen, seen + 2000), polls).await;
        let found = store.find(key(2)).await.unwrap().unwrap();
        assert_eq!(found.version == 1, &*found.data == "7", "{polls}");
        assert_eq!(found.last_seen_at == seen, found.expires_at == seen + 2000);

        polled(store.list(&owner), polls).await;
        polled(store.delete(key(2)), polls).await;
        store.create(key(3), session(&owner)).await.unwrap();
        polled(store.delete_all(&owner), polls).await;
        let listed = store.list(&owner).await.unwrap();
        let is_listed = |number| listed.iter().any(|(listed, _)| *listed == key(number));
        let is_possible = matches!((is_listed(2), is_listed(3)), (_, true) | (false, false));
        assert!(is_possible, "{polls}: {listed:?}");
    }
    // Nothing is left open that keeps others waiting.
    store.create(key(200), session("bob")).await.unwrap();
    store.delete_all("bob").await.unwrap();
    assert_eq!(store.find(key(200)).await.unwrap(), None);
}

/// All of [`Sessions`](resourceful_auth::Sessions) works on the store.
async fn a_site_has_sessions(store: impl SessionStore) {
    let clock = Clock::start();
    let sessions = sessions_in(store, &clock);
    let mut browser = Browser::new(app(&sessions));
    let first = browser.sign_in("ada").await;
    browser.assert_is("ada").await;
    let mut stolen = browser.clone();
    let second = browser.sign_in("ada").await;
    assert_ne!(first, second);
    stolen.assert_is_refused().await;

    let wait = [("x-wait", "")];
    let (mut one, mut two) = (browser.clone(), browser.clone());
    let (one, two) = tokio::join!(
        one.send(Method::POST, "/visits", &wait),
        two.send(Method::POST, "/visits", &wait),
    );
    let mut statuses = [one.status().as_u16(), two.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(browser.get("/visits").await.json(), 1);

    clock.advance(100);
    browser.assert_is("ada").await;
    let listed = sessions.list("ada").await.unwrap();
    assert_eq!(listed[0].last_seen_at(), clock.now());

    let mut phone = browser.other();
    phone.sign_in("ada").await;
    let mut bob = browser.other();
    bob.sign_in("bob").await;
    assert_eq!(phone.post("/sign-out").await.status(), 204);
    assert_eq!(sessions.list("ada").await.unwrap().len(), 1);
    sessions.sign_out_everywhere("ada").await.unwrap();
    browser.assert_is_refused().await;
    bob.assert_is("bob").await;
    clock.advance(15 * 24 * 60 * 60);
    bob.assert_is_refused().await;
}

macro_rules! with {
    ($store:expr) => {
        with! { $store =>
            a_session_is_created_found_and_deleted,
            a_session_that_is_missing_stays_so,
            data_is_replaced_if_the_version_is_equal,
            of_many_changes_at_once_one_succeeds,
            the_last_request_is_never_set_back,
            all_sessions_of_one_owner_are_deleted,
            data_and_times_come_back_as_they_were,
            a_dropped_operation_is_whole_or_missing,
            a_site_has_sessions,
        }
    };
    ($store:expr => $($case:ident,)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            super::$case($store).await;
        })*
    };
}

mod memory {
    with! { resourceful_auth::MemorySessionStore::default() }
}

mod probe {
    with! { super::super::site::Probe::default() }
}

mod shared {
    use std::sync::Arc;

    with! {
        Arc::new(resourceful_auth::MemorySessionStore::default()) as Arc<dyn super::SessionStore>
    }
}

#[cfg(feature = "sea-orm")]
mod sqlite {
    with! { super::super::sql::sqlite_store().await }
}

#[cfg(feature = "sea-orm")]
mod postgres {
    with! { super::super::sql::postgres_store().await }
}

#[cfg(feature = "redis")]
mod redis {
    with! { super::super::redis::store() }
}

/// Polls until there is a value.
#[cfg(any(feature = "redis", feature = "sea-orm"))]
pub(super) async fn until<T>(what: &str, mut poll: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        if let Some(value) = poll().await {
            return value;
        }
        assert!(tokio::time::Instant::now() < deadline, "{what}");
        tokio::task::yield_now().await;
    }
}
