//! The issuer does not respond, or responds with something else.

use std::net::TcpListener;
use std::time::Duration;

use futures_util::future::join_all;
use resourceful::prelude::*;
use resourceful_auth::Algorithm::ES256;
use resourceful_auth::Jwks;
use resourceful_test_parts::{Behaviour, Upstream};
use serde_json::json;

use super::published_keys::{jwks, jwt, publish};
use super::signer::Signer;
use super::{claims, client};

fn respond(status: &'static str, headers: &str, body: &str) -> Behaviour {
    Behaviour::Respond(status, headers.to_owned(), body.to_owned())
}

/// Behaviours without keys. The last two last as long as the client waits: 5 s.
fn behaviours(elsewhere: &Upstream) -> Vec<Behaviour> {
    let location = format!("Location: {}/jwks\r\n", elsewhere.url());
    vec![
        Behaviour::Reset,
        Behaviour::Truncated("200 OK"),
        Behaviour::Huge(1 << 20, "Content-Length: 1048576\r\n"),
        Behaviour::Huge(1 << 20, ""),
        // A set that would do, if it were smaller.
        Behaviour::Json(json!({"keys": [], "x": "x".repeat(256 * 1024)}).to_string()),
        Behaviour::Json("<html>".to_owned()),
        Behaviour::Json(String::new()),
        Behaviour::Json("{}".to_owned()),
        Behaviour::Json("[]".to_owned()),
        Behaviour::Json(r#"{"keys": 7}"#.to_owned()),
        Behaviour::Json(r#"{"keys": null}"#.to_owned()),
        Behaviour::Json(format!("{}{}", "[".repeat(1000), "]".repeat(1000))),
        respond("500 Internal Server Error", "", "{}"),
        respond("503 Service Unavailable", "Retry-After: 1\r\n", "{}"),
        respond("404 Not Found", "", r#"{"keys": []}"#),
        respond("401 Unauthorized", "", ""),
        respond("304 Not Modified", "", ""),
        respond("204 No Content", "", ""),
        respond("302 Found", &location, ""),
        respond("302 Found", "Location: /jwks\r\n", ""),
        respond("302 Found", "Location: file:///etc/passwd\r\n", ""),
        Behaviour::Hang,
        Behaviour::Drip,
    ]
}

async fn send(client: &TestClient, signer: &Signer, kid: &str) -> (u16, Option<u64>) {
    let token = signer.sign(&json!({"alg": "ES256", "kid": kid}), &claims());
    let response = client
        .get("/")
        .header("authorization", &format!("Bearer {token}"))
        .await;
    let retry_after = response.headers().get("retry-after");
    let retry_after = retry_after.map(|seconds| seconds.to_str().unwrap().parse().unwrap());
    assert!(!response.headers().contains_key("www-authenticate") || response.status() == 401);
    (response.status().as_u16(), retry_after)
}

/// Fetches of a behaviour: a client follows redirects on the same origin.
fn fetches(behaviour: &Behaviour) -> usize {
    match behaviour {
        Behaviour::Respond(_, headers, _)
            if headers.contains("/jwks\r\n") && !headers.contains("http") =>
        {
            4
        }
        _ => 1,
    }
}

#[tokio::test]
async fn without_keys_it_is_503_and_one_attempt_for_all() {
    let elsewhere = Upstream::start();
    publish(&elsewhere, &[Signer::p256().jwk("1")]);
    let rows = behaviours(&elsewhere).into_iter().map(async |behaviour| {
        let upstream = Upstream::start();
        upstream.on("/jwks", behaviour.clone());
        let client = client(&jwt(jwks(&upstream), &[ES256]));
        let signer = Signer::p256();
        for _ in 0..2 {
            let sent = (0..20).map(|_| send(&client, &signer, "1"));
            for (status, retry_after) in join_all(sent).await {
                assert_eq!(status, 503, "{behaviour:?}");
                assert!(
                    matches!(retry_after, Some(1..=5)),
                    "{behaviour:?} {retry_after:?}"
                );
            }
        }
        assert_eq!(
            upstream.requests().len(),
            fetches(&behaviour),
            "{behaviour:?}"
        );
    });
    join_all(rows).await;
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn known_keys_still_work() {
    let elsewhere = Upstream::start();
    let rows = behaviours(&elsewhere).into_iter().map(async |behaviour| {
        let upstream = Upstream::start();
        let (old, new) = (Signer::p256(), Signer::p256());
        publish(&upstream, &[old.jwk("old")]);
        let client = client(&jwt(jwks(&upstream).min_interval(Duration::ZERO), &[ES256]));
        assert_eq!(send(&client, &old, "old").await.0, 200);
        upstream.on("/jwks", behaviour.clone());
        assert_eq!(
            send(&client, &new, "new").await,
            (503, Some(1)),
            "{behaviour:?}"
        );
        assert_eq!(send(&client, &old, "old").await.0, 200, "{behaviour:?}");
        // A forged one with a known id is no matter of the issuer.
        assert_eq!(send(&client, &new, "old").await.0, 401, "{behaviour:?}");
        publish(&upstream, &[old.jwk("old"), new.jwk("new")]);
        assert_eq!(send(&client, &new, "new").await.0, 200, "{behaviour:?}");
    });
    join_all(rows).await;
    assert!(elsewhere.requests().is_empty());
}

/// Stale keys are kept, too: after the first failure nobody waits.
#[tokio::test]
async fn stale_keys_still_work() {
    let upstream = Upstream::start();
    let signer = Signer::p256();
    publish(&upstream, &[signer.jwk("1")]);
    let keys = jwks(&upstream)
        .refresh_interval(Duration::ZERO)
        .min_interval(Duration::ZERO);
    let client = client(&jwt(keys, &[ES256]));
    assert_eq!(send(&client, &signer, "1").await.0, 200);
    upstream.on(
        "/jwks",
        Behaviour::Sequence(Box::new(Behaviour::Reset), Box::new(Behaviour::Hang)),
    );
    for _ in 0..3 {
        assert_eq!(send(&client, &signer, "1").await.0, 200);
    }
    // A fetch that hangs is running, and no second one.
    assert!(upstream.requests().len() <= 3, "{:?}", upstream.requests());
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/jwks", listener.local_addr().unwrap());
    drop(listener);
    let client = client(&jwt(Jwks::at(&address).unwrap(), &[ES256]));
    let (status, retry_after) = send(&client, &Signer::p256(), "1").await;
    assert_eq!(status, 503);
    assert!(matches!(retry_after, Some(1..=5)), "{retry_after:?}");
}

/// The issuer withdraws all keys. That is no failure: its keys may have been stolen.
#[tokio::test]
async fn an_empty_set_is_a_set() {
    let upstream = Upstream::start();
    let signer = Signer::p256();
    publish(&upstream, &[signer.jwk("1")]);
    let client = client(&jwt(jwks(&upstream).min_interval(Duration::ZERO), &[ES256]));
    assert_eq!(send(&client, &signer, "1").await.0, 200);
    publish(&upstream, &[]);
    assert_eq!(send(&client, &signer, "2").await.0, 401);
    assert_eq!(send(&client, &signer, "1").await.0, 401);
}
