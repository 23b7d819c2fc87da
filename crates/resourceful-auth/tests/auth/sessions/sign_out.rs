//! The end of sessions.

use http::Method;

use super::site::{Browser, Clock, app, sessions};

#[tokio::test]
async fn a_stolen_cookie_is_worth_nothing_after_the_sign_out() {
    let mut browser = Browser::new(app(&sessions(&Clock::start())));
    let stolen = browser.sign_in("ada").await;
    let mut thief = browser.with_cookie(stolen);
    thief.assert_is("ada").await;
    browser.post("/sign-out").await;
    thief.assert_is_refused().await;
}

#[tokio::test]
async fn a_sign_out_everywhere_ends_all_sessions_of_one_owner() {
    let sessions = sessions(&Clock::start());
    let mut browser = Browser::new(app(&sessions));
    let stolen = browser.sign_in("ada").await;
    let mut phone = browser.other();
    phone.sign_in("ada").await;
    let mut bob = browser.other();
    bob.sign_in("bob").await;

    sessions.sign_out_everywhere("ada").await.unwrap();
    browser.with_cookie(stolen).assert_is_refused().await;
    browser.assert_is_refused().await;
    phone.assert_is_refused().await;
    bob.assert_is("bob").await;
    assert!(sessions.list("ada").await.unwrap().is_empty());
    // Ada can sign in again.
    browser.sign_in("ada").await;
    browser.assert_is("ada").await;
    assert_eq!(sessions.list("ada").await.unwrap().len(), 1);
}

/// A request has read the session, which then ends.
#[tokio::test]
async fn a_change_does_not_bring_back_a_session_that_has_ended() {
    let sessions = sessions(&Clock::start());
    let mut browser = Browser::new(app(&sessions));
    browser.sign_in("ada").await;
    let mut waiting = browser.clone();
    let (response, ()) = tokio::join!(
        waiting.send(Method::POST, "/visits", &[("x-wait", "")]),
        async {
            // The second at the barrier saves nothing of Ada's.
            let mut bob = browser.other();
            bob.sign_in("bob").await;
            sessions.sign_out_everywhere("ada").await.unwrap();
            bob.send(Method::POST, "/visits", &[("x-wait", "")]).await;
        }
    );
    assert_eq!(response.status(), 401);
    browser.assert_is_refused().await;
}

#[tokio::test]
async fn a_sign_out_without_a_session_removes_the_cookie() {
    let browser = Browser::new(app(&sessions(&Clock::start())));
    let unknown = format!("__Host-session={}", "A".repeat(43));
    for cookie in [
        "a=b",
        "__Host-session=nonsense",
        "__Host-session=",
        &unknown,
    ] {
        let mut browser = browser.with_cookie(cookie);
        let response = browser.post("/sign-out").await;
        assert_eq!(response.status(), 204, "{cookie}");
        let field = response.headers()["set-cookie"].to_str().unwrap();
        assert!(field.starts_with("__Host-session=; "), "{field}");
        assert_eq!(browser.cookie, None);
    }
}

#[tokio::test]
async fn a_sign_out_of_another_site_is_refused() {
    let mut browser = Browser::new(app(&sessions(&Clock::start())));
    browser.sign_in("ada").await;
    let fields = [("sec-fetch-site", "cross-site")];
    let response = browser.send(Method::POST, "/sign-out", &fields).await;
    assert_eq!(response.status(), 403);
    browser.assert_is("ada").await;
}

#[tokio::test]
async fn an_owner_sees_the_times_of_the_sessions() {
    let clock = Clock::start();
    let sessions = sessions(&clock);
    let mut browser = Browser::new(app(&sessions));
    let first = clock.now();
    browser.sign_in("ada").await;
    clock.advance(100);
    let second = clock.now();
    browser.other().sign_in("ada").await;
    clock.advance(100);
    browser.assert_is("ada").await;
    let times = sessions.list("ada").await.unwrap();
    let times: Vec<_> = times
        .iter()
        .map(|session| (session.created_at(), session.last_seen_at()))
        .collect();
    assert_eq!(times, [(second, second), (first, clock.now())]);
    // Expired sessions are not shown.
    clock.advance(31 * 24 * 60 * 60);
    assert!(sessions.list("ada").await.unwrap().is_empty());
}
