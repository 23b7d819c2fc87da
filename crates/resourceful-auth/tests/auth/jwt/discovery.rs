//! The address of the keys comes from the issuer's metadata.

use std::time::Duration;

use resourceful_auth::Algorithm::ES256;
use resourceful_auth::{Jwks, Jwt};
use resourceful_test_parts::Upstream;
use serde_json::json;

use super::published_keys::publish;
use super::signer::Signer;
use super::{AUDIENCE, Claims, claims_with};

const OPENID: &str = "/.well-known/openid-configuration";

fn metadata(upstream: &Upstream, path: &str, issuer: &str, jwks_uri: &str) {
    upstream.json(
        path,
        json!({"issuer": issuer, "jwks_uri": jwks_uri, "x": [1]}).to_string(),
    );
}

fn paths(upstream: &Upstream) -> Vec<String> {
    let heads = upstream.requests();
    heads
        .iter()
        .map(|head| head.split(' ').nth(1).unwrap().to_owned())
        .collect()
}

async fn status(jwt: &Jwt<Claims>, issuer: &str, signer: &Signer, kid: &str) -> u16 {
    let token = signer.sign(
        &json!({"alg": "ES256", "kid": kid}),
        &claims_with("iss", json!(issuer)),
    );
    match jwt.verify(&token).await {
        Ok(_) => 200,
        Err(error) => error.status().as_u16(),
    }
}

fn jwt(issuer: &str) -> Jwt<Claims> {
    let keys = Jwks::discover(issuer).unwrap().min_interval(Duration::ZERO);
    Jwt::new(issuer, AUDIENCE, [ES256], keys).unwrap()
}

#[tokio::test]
async fn the_metadata_leads_to_the_keys() {
    for (path, documents) in [
        ("", [OPENID, "/.well-known/oauth-authorization-server"]),
        ("/", [OPENID, "/.well-known/oauth-authorization-server"]),
        (
            "/tenant",
            [
                "/tenant/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server/tenant",
            ],
        ),
        (
            "/tenant/",
            [
                "/tenant/.well-known/openid-configuration",
                "/.well-known/oauth-authorization-server/tenant",
            ],
        ),
    ] {
        for (number, document) in documents.iter().enumerate() {
            let (upstream, keys) = (Upstream::start(), Upstream::start());
            let signer = Signer::p256();
            publish(&keys, &[signer.jwk("1")]);
            let issuer = format!("{}{path}", upstream.url());
            metadata(
                &upstream,
                document,
                &issuer,
                &format!("{}/jwks", keys.url()),
            );
            let jwt = Jwt::<Claims>::discover(&issuer, AUDIENCE, [ES256]).unwrap();
            assert!(upstream.requests().is_empty());
            assert_eq!(status(&jwt, &issuer, &signer, "1").await, 200, "{issuer}");
            assert_eq!(paths(&upstream), documents[..=number]);
            assert_eq!(paths(&keys), ["/jwks"]);
        }
    }
}

#[tokio::test]
async fn metadata_of_another_issuer_is_refused() {
    for change in [
        |issuer: &str| format!("{issuer}/"),
        |issuer: &str| issuer.to_uppercase(),
        |issuer: &str| issuer.replace("127.0.0.1", "localhost"),
        |_: &str| "https://evil.example.com".to_owned(),
        |_: &str| String::new(),
    ] {
        let upstream = Upstream::start();
        let signer = Signer::p256();
        publish(&upstream, &[signer.jwk("1")]);
        let issuer = upstream.url();
        metadata(
            &upstream,
            OPENID,
            &change(issuer),
            &format!("{issuer}/jwks"),
        );
        assert_eq!(status(&jwt(issuer), issuer, &signer, "1").await, 503);
        assert_eq!(paths(&upstream), [OPENID]);
    }
}

/// Some of these would reach the keys.
#[tokio::test]
async fn keys_that_are_not_https_are_refused() {
    for address in [
        "http://0.0.0.0:{port}/jwks",
        "http://a:b@127.0.0.1:{port}/jwks",
        "http://127.0.0.1:{port}/jwks#x",
        "http://issuer.example.com/jwks",
        "file:///etc/passwd",
        "/jwks",
        "",
    ] {
        let upstream = Upstream::start();
        let signer = Signer::p256();
        publish(&upstream, &[signer.jwk("1")]);
        let issuer = upstream.url();
        let address = address.replace("{port}", issuer.rsplit(':').next().unwrap());
        metadata(&upstream, OPENID, issuer, &address);
        let status = status(&jwt(issuer), issuer, &signer, "1").await;
        assert_eq!(status, 503, "{address}");
        assert_eq!(paths(&upstream), [OPENID], "{address}");
    }
}

#[tokio::test]
async fn metadata_that_is_none_is_503() {
    for text in ["", "{}", "[]", "<html>", r#"{"issuer": 1, "jwks_uri": 2}"#] {
        let upstream = Upstream::start();
        upstream.json(OPENID, text);
        let issuer = upstream.url();
        assert_eq!(
            status(&jwt(issuer), issuer, &Signer::p256(), "1").await,
            503,
            "{text}"
        );
    }
}

#[tokio::test]
async fn the_keys_may_move() {
    let (upstream, other) = (Upstream::start(), Upstream::start());
    let (old, new) = (Signer::p256(), Signer::p256());
    publish(&upstream, &[old.jwk("old")]);
    publish(&other, &[new.jwk("new")]);
    let issuer = upstream.url();
    metadata(&upstream, OPENID, issuer, &format!("{issuer}/jwks"));
    let jwt = jwt(issuer);
    assert_eq!(status(&jwt, issuer, &old, "old").await, 200);
    metadata(&upstream, OPENID, issuer, &format!("{}/jwks", other.url()));
    assert_eq!(status(&jwt, issuer, &new, "new").await, 200);
    assert_eq!(status(&jwt, issuer, &old, "old").await, 401);
}

#[test]
fn an_issuer_is_an_address() {
    for issuer in [
        "http://issuer.example.com",
        "issuer",
        "https://issuer.example.com/?x=1",
        "https://a.example/#x",
    ] {
        assert!(Jwks::discover(issuer).is_err(), "{issuer}");
    }
}
