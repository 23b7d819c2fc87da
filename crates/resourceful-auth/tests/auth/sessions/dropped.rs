//! Clients disconnect: a request is dropped at any await.

use http::Method;

use super::site::{Browser, Clock, Probe, app, polled, sessions_in};

/// More polls than any request needs.
const POLLS: usize = 40;

#[tokio::test]
async fn a_dropped_sign_in_leaves_one_session_that_works() {
    let mut completed = 0;
    for polls in 0..POLLS {
        let sessions = sessions_in(Probe::default(), &Clock::start());
        let mut browser = Browser::new(app(&sessions));
        let old = browser.sign_in("ada").await;
        let mut dropped = browser.clone();
        if polled(dropped.get("/dropped/sign-in"), polls)
            .await
            .is_some()
        {
            completed += 1;
        }
        // The new cookie if the response has arrived, else the old one if it was not replaced yet.
        let new = dropped.cookie.clone().unwrap();
        let owners = sessions.list("ada").await.unwrap().len();
        if new == old {
            // At most the session whose cookie never arrived.
            assert!((1..=2).contains(&owners), "{polls}: {owners}");
        } else {
            dropped.assert_is("ada").await;
            browser.assert_is_refused().await;
            assert_eq!(owners, 1);
        }
        // Nobody else is let in, and a sign-in works.
        browser.cookie = None;
        browser.sign_in("ada").await;
        browser.assert_is("ada").await;
        sessions.sign_out_everywhere("ada").await.unwrap();
        browser.assert_is_refused().await;
    }
    assert!(completed > 0 && completed < POLLS, "{completed}");
}

#[tokio::test]
async fn a_dropped_change_is_whole_or_missing() {
    let mut completed = 0;
    for polls in 0..POLLS {
        let sessions = sessions_in(Probe::default(), &Clock::start());
        let mut browser = Browser::new(app(&sessions));
        browser.sign_in("ada").await;
        let mut dropped = browser.clone();
        let twice = [("x-twice", "")];
        let change = dropped.send(Method::GET, "/dropped/visits", &twice);
        if polled(change, polls).await.is_some() {
            completed += 1;
        }
        let before = browser.get("/visits").await.json();
        assert!((0..=2).any(|visits| before == visits), "{before}");
        // The version is that of the data: the next change is no conflict.
        assert_eq!(browser.post("/visits").await.status(), 204);
    }
    assert!(completed > 0 && completed < POLLS, "{completed}");
}

#[tokio::test]
async fn a_dropped_sign_out_leaves_a_session_or_none() {
    let mut completed = 0;
    for polls in 0..POLLS {
        let sessions = sessions_in(Probe::default(), &Clock::start());
        let mut browser = Browser::new(app(&sessions));
        browser.sign_in("ada").await;
        let mut dropped = browser.clone();
        if polled(dropped.get("/dropped/sign-out"), polls)
            .await
            .is_some()
        {
            completed += 1;
            assert_eq!(dropped.cookie, None);
        }
        let sessions = sessions.list("ada").await.unwrap().len();
        let (status, _) = browser.who().await;
        assert_eq!(status, if sessions == 0 { 401 } else { 200 });
    }
    assert!(completed > 0 && completed < POLLS, "{completed}");
}
