//! A sign-in makes a new session.

use std::collections::HashSet;

use http::Method;
use resourceful_auth::MemorySessionStore;

use super::site::{Browser, Clock, Probe, app, sessions, sessions_in};

fn browser() -> Browser {
    Browser::new(app(&sessions(&Clock::start())))
}

#[tokio::test]
async fn a_browser_signs_in_and_out() {
    let mut browser = browser();
    browser.assert_is("nobody").await;
    browser.sign_in("ada").await;
    browser.assert_is("ada").await;
    assert_eq!(browser.post("/sign-out").await.status(), 204);
    assert_eq!(browser.cookie, None);
    browser.assert_is("nobody").await;
}

/// Every row of the table of errors: no cookie, a wrong one, a valid one.
#[tokio::test]
async fn members_are_signed_in() {
    let mut browser = browser();
    for method in [Method::GET, Method::POST] {
        let response = browser.send(method.clone(), "/members", &[]).await;
        assert_eq!(response.status(), 401);
        let challenge = &response.headers()["www-authenticate"];
        assert_eq!(challenge, "Cookie cookie-name=\"__Host-session\"");
        assert!(!response.headers().contains_key("set-cookie"));
        let mut wrong = browser.with_cookie("__Host-session=x");
        let response = wrong.send(method.clone(), "/members", &[]).await;
        assert_eq!(response.status(), 401);
        assert_eq!(
            response
                .headers()
                .get_all("www-authenticate")
                .iter()
                .count(),
            1
        );
        assert_eq!(wrong.cookie, None);
        let mut ada = browser.other();
        ada.sign_in("ada").await;
        let response = ada.send(method.clone(), "/members", &[]).await;
        assert_eq!(response.text(), "ada");
        let other_site = [("sec-fetch-site", "cross-site")];
        let response = ada.send(method.clone(), "/members", &other_site).await;
        let expected = if method == Method::GET { 200 } else { 403 };
        assert_eq!(response.status(), expected);
    }
}

#[tokio::test]
async fn the_document_has_the_cookie() {
    let document = app(&sessions(&Clock::start())).openapi().unwrap();
    let document = document.as_value();
    let security = &document["paths"]["/members"]["get"]["security"];
    assert_eq!(*security, serde_json::json!([{"__host-session": []}]));
    assert_eq!(
        document["components"]["securitySchemes"]["__host-session"],
        serde_json::json!({"type": "apiKey", "in": "cookie", "name": "__Host-session"})
    );
}

/// The attacker has put an id of no session, and one of the attacker's own session, into the browser.
#[tokio::test]
async fn an_id_that_is_fixed_beforehand_is_not_that_of_the_session() {
    let attacker = browser().sign_in("mallory").await;
    for shared in [false, true] {
        let mut victim = browser();
        let fixed = if shared {
            victim.other().sign_in("mallory").await
        } else {
            attacker.clone()
        };
        victim.cookie = Some(fixed.clone());
        let new = victim.sign_in("ada").await;
        assert_ne!(new, fixed);
        victim.assert_is("ada").await;
        // Neither the caller nor anybody else.
        victim.with_cookie(fixed).assert_is_refused().await;
        victim.assert_is("ada").await;
    }
}

#[tokio::test]
async fn a_second_sign_in_ends_the_first_session_of_the_browser_alone() {
    let mut browser = browser();
    let mut other = browser.other();
    other.sign_in("ada").await;
    let first = browser.sign_in("ada").await;
    let second = browser.sign_in("ada").await;
    assert_ne!(first, second);
    browser.with_cookie(first).assert_is_refused().await;
    browser.assert_is("ada").await;
    other.assert_is("ada").await;
}

#[tokio::test]
async fn ids_are_new_and_long() {
    let mut browser = browser();
    let mut ids = HashSet::new();
    for _ in 0..50 {
        let cookie = browser.sign_in("ada").await;
        let id = cookie.strip_prefix("__Host-session=").unwrap();
        assert_eq!(id.len(), 43);
        assert!(ids.insert(id.to_owned()));
    }
}

#[tokio::test]
async fn the_cookie_has_all_attributes() {
    let mut browser = browser();
    let response = browser.post("/sign-in").await;
    let field = response.headers()["set-cookie"].to_str().unwrap();
    let (_, attributes) = field.split_once(';').unwrap();
    assert_eq!(
        attributes,
        " HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000"
    );
    assert!(response.headers()["set-cookie"].is_sensitive());
}

/// Of another site: the attacker signs the victim in as the attacker.
#[tokio::test]
async fn a_sign_in_of_another_site_is_refused() {
    let mut browser = browser();
    for (field, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let fields = [(field, value), ("host", "site.example")];
        let response = browser.send(Method::POST, "/sign-in", &fields).await;
        assert_eq!(response.status(), 403, "{field}: {value}");
        assert_eq!(browser.cookie, None);
    }
}

#[tokio::test]
async fn an_owner_has_a_hundred_sessions() {
    let clock = Clock::start();
    let sessions = sessions(&clock);
    let mut browser = Browser::new(app(&sessions));
    let mut cookies = Vec::new();
    for _ in 0..103 {
        clock.advance(1);
        cookies.push(browser.other().sign_in("ada").await);
    }
    assert_eq!(sessions.list("ada").await.unwrap().len(), 100);
    for (index, cookie) in cookies.into_iter().enumerate() {
        browser.cookie = Some(cookie);
        let status = browser.who().await.0;
        assert_eq!(status, if index < 3 { 401 } else { 200 }, "{index}");
    }
}

#[tokio::test]
async fn a_full_memory_forgets_those_who_were_seen_longest_ago() {
    let clock = Clock::start();
    let store = MemorySessionStore::with_capacity(32);
    let browser = Browser::new(app(&sessions_in(store, &clock)));
    let mut cookies = Vec::new();
    for number in 0..64 {
        clock.advance(1);
        cookies.push(browser.other().sign_in(&format!("user-{number}")).await);
    }
    let mut valid = Vec::new();
    for (number, cookie) in cookies.into_iter().enumerate() {
        if browser.with_cookie(cookie).who().await.0 == 200 {
            valid.push(number);
        }
    }
    assert!((30..=32).contains(&valid.len()), "{valid:?}");
    assert_eq!(valid.last(), Some(&63));
    assert_eq!(valid.first(), Some(&(64 - valid.len())));
}

#[tokio::test]
async fn owners_and_data_that_are_too_long_are_errors_of_the_application() {
    let sessions = sessions(&Clock::start());
    let mut browser = Browser::new(app(&sessions));
    for (name_size, owner_size, status) in [
        (10, 256, 204),
        (10, 257, 500),
        (16_000, 10, 204),
        (17_000, 10, 500),
    ] {
        let (name, owner) = ("a".repeat(name_size), "b".repeat(owner_size));
        let fields = [("x-name", &*name), ("x-owner", &*owner)];
        let response = browser.send(Method::POST, "/sign-in", &fields).await;
        assert_eq!(response.status(), status, "{name_size} {owner_size}");
    }
}

#[tokio::test]
async fn a_store_that_is_away_is_503() {
    let store = Probe::default();
    let mut browser = Browser::new(app(&sessions_in(store.clone(), &Clock::start())));
    let cookie = browser.sign_in("ada").await;
    store.go_away();
    for (method, path) in [
        (Method::GET, "/"),
        (Method::POST, "/sign-in"),
        (Method::POST, "/sign-out"),
        (Method::GET, "/visits"),
        (Method::POST, "/visits"),
    ] {
        let response = browser.send(method, path, &[]).await;
        assert_eq!(response.status(), 503, "{path}");
        assert!(response.headers().contains_key("retry-after"), "{path}");
        // The browser stays signed in.
        assert_eq!(browser.cookie.as_ref(), Some(&cookie));
    }
    store.come_back();
    browser.assert_is("ada").await;
}
