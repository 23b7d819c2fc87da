//! The expiry of sessions.

use std::time::Duration;

use super::site::{Browser, Clock, Probe, app, sessions, sessions_in};

const DAY: u64 = 24 * 60 * 60;

#[tokio::test]
async fn a_session_ends_fourteen_days_after_its_last_request() {
    let clock = Clock::start();
    let mut browser = Browser::new(app(&sessions(&clock)));
    browser.sign_in("ada").await;
    clock.advance(14 * DAY - 1);
    browser.assert_is("ada").await;
    clock.advance(14 * DAY - 1);
    browser.assert_is("ada").await;
    browser.sign_in("ada").await;
    clock.advance(14 * DAY);
    browser.assert_is_refused().await;
}

#[tokio::test]
async fn a_session_ends_thirty_days_after_the_sign_in() {
    let clock = Clock::start();
    let mut browser = Browser::new(app(&sessions(&clock)));
    browser.sign_in("ada").await;
    for _ in 0..29 {
        clock.advance(DAY);
        browser.assert_is("ada").await;
    }
    clock.advance(DAY - 1);
    browser.assert_is("ada").await;
    clock.advance(1);
    browser.assert_is_refused().await;
}

#[tokio::test]
async fn the_times_can_be_shorter() {
    let clock = Clock::start();
    let sessions = sessions(&clock)
        .with_idle_timeout(Duration::from_secs(100))
        .with_max_lifetime(Duration::from_secs(150));
    let mut browser = Browser::new(app(&sessions));
    let response = browser.post("/sign-in").await;
    let field = response.headers()["set-cookie"].to_str().unwrap();
    assert!(field.ends_with("Max-Age=150"), "{field}");
    clock.advance(99);
    browser.assert_is("ada").await;
    clock.advance(50);
    browser.assert_is("ada").await;
    clock.advance(1);
    browser.assert_is_refused().await;
}

#[tokio::test]
async fn the_last_request_is_written_once_a_minute() {
    let (clock, store) = (Clock::start(), Probe::default());
    let sessions = sessions_in(store.clone(), &clock);
    let mut browser = Browser::new(app(&sessions));
    browser.sign_in("ada").await;
    for (advance, touches) in [(0, 0), (59, 0), (1, 1), (0, 1), (59, 1), (1, 2), (1, 2)] {
        clock.advance(advance);
        browser.assert_is("ada").await;
        assert_eq!(store.touches(), touches);
    }
    // A tenth of a short idle time.
    let sessions = sessions.with_idle_timeout(Duration::from_secs(100));
    let mut browser = Browser::new(app(&sessions));
    browser.sign_in("ada").await;
    for (advance, touches) in [(9, 2), (1, 3), (9, 3), (1, 4)] {
        clock.advance(advance);
        browser.assert_is("ada").await;
        assert_eq!(store.touches(), touches);
    }
}

#[tokio::test]
async fn times_that_overflow_are_no_panic() {
    let clock = Clock::start();
    for (idle, lifetime, status) in [
        (Duration::MAX, Duration::MAX, 200),
        (Duration::ZERO, Duration::MAX, 401),
    ] {
        let sessions = sessions(&clock)
            .with_idle_timeout(idle)
            .with_max_lifetime(lifetime);
        let mut browser = Browser::new(app(&sessions));
        browser.sign_in("ada").await;
        assert_eq!(browser.who().await.0, status);
    }
}

/// The clock of another server is ahead, or this one was set back.
#[tokio::test]
async fn a_session_of_the_future_is_valid() {
    let clock = Clock::start();
    let ahead = Clock::start();
    ahead.advance(1000);
    let store = Probe::default();
    let mut browser = Browser::new(app(&sessions_in(store.clone(), &ahead)));
    let cookie = browser.sign_in("ada").await;
    let other = Browser::new(app(&sessions_in(store.clone(), &clock)));
    other.with_cookie(cookie).assert_is("ada").await;
    assert_eq!(store.touches(), 0);
}
