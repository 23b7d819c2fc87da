//! Redirects of the upstream.

use http::StatusCode;
use resourceful_test_parts::{Behaviour, Upstream};

use crate::{builder, client};

fn redirect(target: &str) -> Behaviour {
    Behaviour::Respond(
        "302 Found",
        format!("Location: {target}\r\n"),
        String::new(),
    )
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed() {
    let upstream = Upstream::start();
    upstream.on("/old", redirect("/new"));
    upstream.json("/new", "1");
    assert_eq!(
        client(&upstream).get("/old").fetch::<i64>().await.unwrap(),
        1
    );
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let (upstream, other) = (Upstream::start(), Upstream::start());
    for target in [
        "http://169.254.169.254/latest/meta-data/",
        other.url(),
        "http://localhost/",
    ] {
        upstream.on("/", redirect(target));
        let error = client(&upstream).get("/").send().await.unwrap_err();
        assert_eq!(error.status(), Some(StatusCode::FOUND), "{target}");
    }
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn an_allowed_host_may_need_a_public_address() {
    let (upstream, other) = (Upstream::start(), Upstream::start());
    other.json("/", "1");
    let target = other.url().replace("127.0.0.1", "localhost");
    upstream.on("/", redirect(&target));
    let token = http::HeaderValue::from_static("secret");
    let allowed = builder(&upstream)
        .allow_redirects_to(target.trim_start_matches("http://"))
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
    let client = allowed.allow_private_redirects().build().unwrap();
    assert_eq!(client.get("/").fetch::<i64>().await.unwrap(), 1);
    assert!(upstream.requests()[0].contains("x-api-key: secret\r\n"));
    assert!(!other.requests()[0].contains("x-api-key"));
    client.get("/").json(&"secret").send().await.unwrap();
    assert!(!other.requests()[1].contains("content-length: 8"));
}

#[tokio::test]
async fn unsafe_methods_are_not_redirected() {
    let upstream = Upstream::start();
    upstream.json("/new", "1");
    for status in [
        "301 Moved Permanently",
        "303 See Other",
        "307 Temporary Redirect",
    ] {
        let location = "Location: /new\r\n".to_owned();
        upstream.on("/old", Behaviour::Respond(status, location, String::new()));
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
async fn a_redirect_loop_ends() {
    let upstream = Upstream::start();
    upstream.on("/", redirect("/"));
    let error = client(&upstream).get("/").send().await.unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::FOUND));
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn the_base_urls_credentials_stay_with_its_host() {
    let upstream = Upstream::start();
    upstream.on("/old", redirect(&format!("{}/new", upstream.url())));
    upstream.json("/new", "1");
    let base = upstream.url().replace("http://", "http://ada:secret@");
    let client = resourceful_client::Client::new(&base).unwrap();
    assert_eq!(client.get("/old").fetch::<i64>().await.unwrap(), 1);
    let basic = "authorization: Basic YWRhOnNlY3JldA==\r\n";
    assert!(upstream.requests().iter().all(|head| head.contains(basic)));
}
