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
    let token = http::HeaderValue::from_static("secret");
    let allowed = builder(&upstream)
        .redirect_to(target.trim_start_matches("http://"))
        .header(http::HeaderName::from_static("x-api-key"), token)
        .retries(0);
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
    assert!(upstream.requests()[0].contains("x-api-key: secret\r\n"));
    assert!(!other.requests()[0].contains("x-api-key"));
    client.get("/").json(&"secret").send().await.unwrap();
    assert!(!other.requests()[1].contains("content-length: 8"));
}

#[tokio::test]
async fn what_changes_something_is_not_redirected() {
    let upstream = Upstream::start();
    upstream.json("/new", "1");
    for status in [
        "301 Moved Permanently",
        "303 See Other",
        "307 Temporary Redirect",
    ] {
        let location = "Location: /new\r\n".to_owned();
        upstream.on("/old", Behaviour::Answer(status, location, String::new()));
        for call in [
            client(&upstream).post("/old"),
            client(&upstream).delete("/old"),
        ] {
            let error = call.send().await.unwrap_err();
            assert!(
                error.status().is_some_and(|status| status.is_redirection()),
                "{error}"
            );
        }
    }
    assert!(!upstream.requests().iter().any(|head| head.contains("/new")));
}

#[tokio::test]
async fn a_circle_ends() {
    let upstream = Upstream::start();
    upstream.on("/", to("/"));
    let error = client(&upstream).get("/").send().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::FOUND));
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn the_base_urls_credentials_stay_with_its_host() {
    let upstream = Upstream::start();
    upstream.on("/old", to(&format!("{}/new", upstream.url())));
    upstream.json("/new", "1");
    let base = upstream.url().replace("http://", "http://ada:secret@");
    let client = resourceful_client::Client::new(&base).unwrap();
    assert_eq!(client.get("/old").fetch::<i64>().await.unwrap(), 1);
    let basic = "authorization: Basic YWRhOnNlY3JldA==\r\n";
    assert!(upstream.requests().iter().all(|head| head.contains(basic)));
}
