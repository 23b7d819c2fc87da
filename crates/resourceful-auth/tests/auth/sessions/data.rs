//! The data of sessions, and callers that are loaded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;
use resourceful::prelude::*;
use resourceful::{SignedIn, WithCookie};
use resourceful_auth::{MemorySessionStore, Sessions};

use super::site::{Browser, Clock, app, sessions, sessions_in};

#[tokio::test]
async fn data_is_read_and_changed() {
    let mut browser = Browser::new(app(&sessions(&Clock::start())));
    assert_eq!(browser.get("/visits").await.status(), 401);
    assert_eq!(browser.post("/visits").await.status(), 401);
    browser.sign_in("ada").await;
    assert_eq!(browser.post("/visits").await.status(), 204);
    // One session can be saved several times.
    let twice = [("x-twice", "")];
    let response = browser.send(Method::POST, "/visits", &twice).await;
    assert_eq!(response.status(), 204);
    assert_eq!(browser.get("/visits").await.json(), 3);
    // Another session has its own data.
    let mut other = browser.other();
    other.sign_in("ada").await;
    assert_eq!(other.get("/visits").await.json(), 0);
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_refused() {
    let mut browser = Browser::new(app(&sessions(&Clock::start())));
    browser.sign_in("ada").await;
    let (mut one, mut two) = (browser.clone(), browser.clone());
    let wait = [("x-wait", "")];
    let (one, two) = tokio::join!(
        one.send(Method::POST, "/visits", &wait),
        two.send(Method::POST, "/visits", &wait),
    );
    let mut statuses = [one.status().as_u16(), two.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(browser.get("/visits").await.json(), 1);
}

#[tokio::test]
async fn a_change_of_another_site_is_refused() {
    let mut browser = Browser::new(app(&sessions(&Clock::start())));
    browser.sign_in("ada").await;
    for path in ["/", "/visits"] {
        let fields = [("sec-fetch-site", "cross-site")];
        let response = browser.send(Method::POST, path, &fields).await;
        assert_eq!(response.status(), 403, "{path}");
        assert!(!response.headers().contains_key("set-cookie"));
    }
    assert_eq!(browser.get("/visits").await.json(), 0);
}

/// Without a session cookie there is nothing to protect: a client with another credential may be of any
/// origin.
#[tokio::test]
async fn a_request_without_the_cookie_may_be_of_another_site() {
    let mut browser = Browser::new(app(&sessions(&Clock::start())));
    let fields = [("sec-fetch-site", "cross-site")];
    let response = browser.send(Method::POST, "/", &fields).await;
    assert_eq!(response.text(), "nobody");
}

/// A new version of the program has other data.
#[tokio::test]
async fn data_of_another_type_is_401() {
    let (store, clock) = (MemorySessionStore::default(), Clock::start());
    let mut browser = Browser::new(app(&sessions_in(store.clone(), &clock)));
    let cookie = browser.sign_in("ada").await;
    let newer: Sessions<u64> = Sessions::new(store);
    let who = |_: Request<u64>| async { Ok::<_, Error>(()) };
    let who = guarded::<SignedIn<Sessions<u64>>, _>(who).state(&newer);
    let mut browser = Browser::new(App::new().get("/", who));
    browser.cookie = Some(cookie);
    assert_eq!(browser.get("/").await.status(), 401);
    assert_eq!(browser.cookie, None);
}

#[tokio::test]
async fn a_caller_who_is_gone_or_blocked_is_401() {
    struct User {
        name: &'static str,
    }
    let is_blocked = Arc::new(AtomicBool::new(false));
    let find = {
        let is_blocked = Arc::clone(&is_blocked);
        move |id: i64| {
            let is_valid = id == 7 && !is_blocked.load(Ordering::Relaxed);
            async move {
                match id {
                    9 => Err(Error::unavailable(std::time::Duration::from_secs(1))),
                    _ => Ok(is_valid.then_some(User { name: "ada" })),
                }
            }
        }
    };
    let sessions: Sessions<User, i64> = Sessions::with_callers(MemorySessionStore::default(), find);
    let who = |request: Request<User>| async move { Ok::<_, Error>(request.caller().name) };
    let who = guarded::<SignedIn<Sessions<User, i64>>, _>(who).state(&sessions);
    let sign_in = move |request: Request| {
        let sessions = sessions.clone();
        async move {
            let id: i64 = request.header("x-name").unwrap().parse().unwrap();
            let cookie = sessions.sign_in(&request, &id, id).await?;
            Ok::<_, Error>(().with_cookie(cookie))
        }
    };
    let app = App::new().get("/", who).post("/sign-in", public(sign_in));
    let mut browser = Browser::new(app);
    browser.sign_in("7").await;
    browser.assert_is("ada").await;
    let mut other = browser.other();
    other.sign_in("8").await;
    assert_eq!(other.who().await.0, 401);
    assert_eq!(other.cookie, None);
    // The query fails: the browser keeps its cookie.
    other.sign_in("9").await;
    assert_eq!(other.who().await.0, 503);
    assert!(other.cookie.is_some());
    is_blocked.store(true, Ordering::Relaxed);
    assert_eq!(browser.who().await.0, 401);
    assert_eq!(browser.cookie, None);
}
