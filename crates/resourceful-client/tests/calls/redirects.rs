//! Where an upstream may send its callers.

use http::StatusCode;
use resourceful_test_parts::{Behaviour, Upstream};

use crate::{builder, client};

fn to(target: &str) -> Behaviour {
    Behaviour::Answer(
        "302 Found",
        format!("Location: {target}\r\n"),
        String::new(),
    )
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed() {
    let upstream = Upstream::start();
    upstream.on("/old", to("/new"));
    upstream.json("/new", "1");
    assert_eq!(
        client(&upstream).get("/old").fetch::<i64>().await.unwrap(),
        1
    );
}

#[tokio::test]
async fn a_redirect_elsewhere_is_not_followed() {
    let (upstream, other) = (Upstream::start(), Upstream::start());
    for target in [
        "http://169.254.169.254/latest/meta-data/",
        other.url(),
        "http://localhost/",
    ] {
        upstream.on("/", to(target));
        let error = client(&upstream).get("/").send().await.unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::FOUND), "{target}");
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn a_host_that_is_allowed_is_followed_to_where_it_may_be() {
    let (upstream, other) = (Upstream::start(), Upstream::start());
    other.json("/", "1");
    let target = other.url().replace("127.0.0.1", "localhost");
    upstream.on("/", to(&target));
    let allowed = builder(&upstream).redirect_to("localhost").retries(0);
    allowed
        .clone()
        .build()
        .unwrap()
        .get("/")
        .send()
        .await
        .unwrap_err();
    assert!(other.requests().is_empty());
    let client = allowed.redirect_to_private().build().unwrap();
    assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 1);
}

#[tokio::test]
async fn a_circle_ends() {
    let upstream = Upstream::start();
    upstream.on("/", to("/"));
    let error = client(&upstream).get("/").send().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::FOUND));
    assert_eq!(upstream.requests().len(), 4);
}
