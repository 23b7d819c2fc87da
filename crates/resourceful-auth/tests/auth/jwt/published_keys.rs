//! Keys that an issuer publishes: which are used, and when they are fetched.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use resourceful_auth::Algorithm::{ES256, ES384, EdDSA, HS256, PS256, RS256};
use resourceful_auth::{Algorithm, Jwks, Jwt};
use resourceful_test_parts::{Behaviour, Upstream};
use ring::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use serde_json::{Value, json};

use super::pitfalls::pitfalls;
use super::signer::{Signer, base64url};
use super::{AUDIENCE, Claims, INVALID, ISSUER, claims, client, send};

pub(super) fn jwks(upstream: &Upstream) -> Jwks {
    Jwks::at(&format!("{}/jwks", upstream.url())).unwrap()
}

pub(super) fn jwt(keys: Jwks, algorithms: &[Algorithm]) -> Jwt<Claims> {
    Jwt::new(ISSUER, AUDIENCE, algorithms.to_vec(), keys).unwrap()
}

pub(super) fn publish(upstream: &Upstream, keys: &[Value]) {
    upstream.json("/jwks", json!({"keys": keys}).to_string());
}

fn token(signer: &Signer, algorithm: &str, kid: &str) -> String {
    signer.sign(&json!({"alg": algorithm, "kid": kid}), &claims())
}

/// A JWK with further members.
fn with(mut jwk: Value, mut members: Value) -> Value {
    jwk.as_object_mut()
        .unwrap()
        .append(members.as_object_mut().unwrap());
    jwk
}

fn with_zero(integer: &Value) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(integer.as_str().unwrap()).unwrap();
    base64url([&[0], bytes.as_slice()].concat())
}

#[tokio::test]
async fn keys_are_fetched_once() {
    let upstream = Upstream::start();
    let signer = Signer::p256();
    publish(&upstream, &[signer.jwk("1")]);
    let client = client(&jwt(jwks(&upstream), &[ES256]));
    assert!(upstream.requests().is_empty());
    for _ in 0..3 {
        assert_eq!(
            send(&client, &token(&signer, "ES256", "1")).await,
            (200, None)
        );
    }
    assert_eq!(upstream.requests().len(), 1);
    assert!(upstream.requests()[0].starts_with("GET /jwks HTTP/1.1\r\n"));
}

#[tokio::test]
async fn the_query_and_the_slash_of_the_address_are_kept() {
    let upstream = Upstream::start();
    let signer = Signer::p256();
    let set = json!({"keys": [signer.jwk("1")]}).to_string();
    for path in ["/a%20b/jwks?p=B2C_1", "/jwks/", "/"] {
        upstream.json(path, &set);
        let keys = Jwks::at(&format!("{}{path}", upstream.url())).unwrap();
        let verified = jwt(keys, &[ES256])
            .verify(&token(&signer, "ES256", "1"))
            .await;
        assert!(verified.is_ok(), "{path} {:?}", upstream.requests());
    }
}

/// Of each set only the last key is used; the others are skipped, and break nothing.
#[tokio::test]
async fn foreign_keys_are_skipped() {
    let upstream = Upstream::start();
    let (rsa, pss) = (Signer::rsa(&RSA_PKCS1_SHA256), Signer::rsa(&RSA_PSS_SHA256));
    let (p256, p384, ed25519) = (Signer::p256(), Signer::p384(), Signer::ed25519());
    let foreign = [
        json!({}),
        json!(null),
        json!("key"),
        json!([1]),
        json!({"kty": "AKP", "kid": "1", "alg": "ML-DSA-44", "pub": "AAAA"}),
        json!({"kty": "oct", "kid": "1", "k": base64url([7; 32]), "alg": "HS256"}),
        json!({"kty": "EC", "kid": "1", "crv": "secp256k1", "x": base64url([1; 32]), "y": base64url([1; 32])}),
        json!({"kty": "EC", "kid": "1", "crv": "P-256", "x": base64url([1; 31]), "y": base64url([1; 32])}),
        json!({"kty": "OKP", "kid": "1", "crv": "X25519", "x": base64url([1; 32])}),
        json!({"kty": "OKP", "kid": "1", "crv": "Ed448", "x": base64url([1; 57])}),
        json!({"kty": "RSA", "kid": "1", "n": "not base64!", "e": "AQAB"}),
        json!({"kty": "RSA", "kid": "1", "e": "AQAB"}),
        with(rsa.jwk("1"), json!({"use": "enc"})),
        with(rsa.jwk("1"), json!({"alg": "RSA-OAEP"})),
        with(
            rsa.jwk("1"),
            json!({"alg": "RS256", "key_ops": ["encrypt"]}),
        ),
        with(rsa.jwk("1"), json!({"alg": "HS256"})),
        with(rsa.jwk("1"), json!({"alg": 7})),
        with(rsa.jwk("1"), json!({"kid": 7})),
        with(p256.jwk("1"), json!({"use": "enc"})),
        with(p256.jwk("1"), json!({"alg": "ECDH-ES"})),
        with(p256.jwk("1"), json!({"alg": "ES384"})),
        with(p384.jwk("1"), json!({"crv": "P-256"})),
    ];
    for (used, signer, algorithm, expected) in [
        (rsa.jwk("1"), &rsa, "RS256", 200),
        (rsa.jwk("1"), &pss, "PS256", 200),
        (
            with(
                rsa.jwk("1"),
                json!({"alg": "RS256", "use": "sig", "key_ops": ["verify"], "x5t": "AA", "x": 1}),
            ),
            &rsa,
            "RS256",
            200,
        ),
        // With the sign byte that some languages write.
        (
            with(rsa.jwk("1"), json!({"n": with_zero(&rsa.jwk("1")["n"])})),
            &rsa,
            "RS256",
            200,
        ),
        // The key names its algorithm.
        (
            with(rsa.jwk("1"), json!({"alg": "PS256"})),
            &rsa,
            "RS256",
            401,
        ),
        (
            with(rsa.jwk("1"), json!({"alg": "RS256"})),
            &pss,
            "PS256",
            401,
        ),
        (p256.jwk("1"), &p256, "ES256", 200),
        (
            with(p384.jwk("1"), json!({"alg": "ES384"})),
            &p384,
            "ES384",
            200,
        ),
        (
            with(ed25519.jwk("1"), json!({"alg": "EdDSA"})),
            &ed25519,
            "EdDSA",
            200,
        ),
        (
            with(ed25519.jwk("1"), json!({"alg": "Ed25519"})),
            &ed25519,
            "Ed25519",
            200,
        ),
        // Only the foreign ones, some of which have the right numbers.
        (json!({}), &rsa, "RS256", 401),
        (json!({}), &p256, "ES256", 401),
        (json!({}), &p384, "ES384", 401),
        // The issuer has the algorithm, the application does not list it.
        (
            json!({}),
            &Signer::hmac(ring::hmac::HMAC_SHA256, &[7; 32]),
            "HS256",
            401,
        ),
    ] {
        let mut keys = foreign.to_vec();
        keys.push(used.clone());
        publish(&upstream, &keys);
        let jwt = jwt(jwks(&upstream), &[RS256, PS256, ES256, ES384, EdDSA]);
        let status = send(&client(&jwt), &token(signer, algorithm, "1")).await.0;
        assert_eq!(status, expected, "{algorithm} {used}");
    }
}

#[tokio::test]
async fn the_number_of_keys_is_bounded() {
    let upstream = Upstream::start();
    let signers: Vec<_> = (0..65).map(|_| Signer::ed25519()).collect();
    let keys: Vec<_> = signers
        .iter()
        .enumerate()
        .map(|(id, signer)| signer.jwk(&id.to_string()))
        .collect();
    publish(&upstream, &keys);
    let client = client(&jwt(jwks(&upstream), &[EdDSA]));
    for (id, expected) in [(0, 200), (63, 200), (64, 401)] {
        let token = token(&signers[id], "EdDSA", &id.to_string());
        assert_eq!(send(&client, &token).await.0, expected, "{id}");
    }
    // A token without `kid` does not make us try them all.
    for (id, expected) in [(0, 200), (3, 200), (4, 401)] {
        let token = signers[id].sign(&json!({"alg": "EdDSA"}), &claims());
        assert_eq!(send(&client, &token).await.0, expected, "{id}");
    }
}

/// A wrong header or claim fetches nothing; a wrong signature or key fetches nothing but the set.
#[tokio::test]
async fn wrong_tokens_fetch_nothing() {
    let upstream = Upstream::start();
    let signer = Signer::p256();
    publish(&upstream, &[signer.jwk("1")]);
    let client = client(&jwt(jwks(&upstream), &[ES256]));
    let needs_keys = |name: &str| {
        name.starts_with("signature: ") && !name.contains("padding") && !name.contains("base64")
            || ["jwk: ", "jku: ", "x5u: ", "x5c: "]
                .iter()
                .any(|one| name.starts_with(one))
            || name.starts_with("kid: ") && !name.contains("number") && !name.contains("null")
            || name.contains("of the application")
            || name == "no signature"
    };
    let (later, now): (Vec<_>, Vec<_>) = pitfalls(&signer)
        .into_iter()
        .partition(|(name, _)| needs_keys(name));
    assert!(
        later.len() > 10 && now.len() > 60,
        "{} {}",
        later.len(),
        now.len()
    );
    for (name, token) in now {
        assert_eq!(
            send(&client, &token).await,
            (401, Some(INVALID.to_owned())),
            "{name}"
        );
        assert!(upstream.requests().is_empty(), "{name}");
    }
    for (name, token) in later {
        assert_eq!(
            send(&client, &token).await,
            (401, Some(INVALID.to_owned())),
            "{name}"
        );
        assert_eq!(upstream.requests().len(), 1, "{name}");
    }
    assert!(upstream.requests()[0].starts_with("GET /jwks HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_new_key_is_fetched_when_a_token_names_it() {
    let upstream = Upstream::start();
    let (old, new) = (Signer::p256(), Signer::p256());
    publish(&upstream, &[old.jwk("old")]);
    let client = client(&jwt(jwks(&upstream).min_interval(Duration::ZERO), &[ES256]));
    assert_eq!(send(&client, &token(&old, "ES256", "old")).await.0, 200);
    publish(&upstream, &[old.jwk("old"), new.jwk("new")]);
    assert_eq!(send(&client, &token(&old, "ES256", "old")).await.0, 200);
    assert_eq!(upstream.requests().len(), 1);
    assert_eq!(send(&client, &token(&new, "ES256", "new")).await.0, 200);
    assert_eq!(upstream.requests().len(), 2);
    publish(&upstream, &[new.jwk("new")]);
    // Removed, but not known to be: nothing has asked for another key yet.
    assert_eq!(send(&client, &token(&old, "ES256", "old")).await.0, 200);
    assert_eq!(send(&client, &token(&old, "ES256", "older")).await.0, 401);
    assert_eq!(send(&client, &token(&old, "ES256", "old")).await.0, 401);
    assert_eq!(send(&client, &token(&new, "ES256", "new")).await.0, 200);
}

/// Nobody used the keys for a long time: they are fetched anew before they are used.
#[tokio::test]
async fn stale_keys_are_refreshed_first() {
    let upstream = Upstream::start();
    let (old, new) = (Signer::p256(), Signer::p256());
    publish(&upstream, &[old.jwk("old")]);
    let keys = jwks(&upstream)
        .min_interval(Duration::ZERO)
        .refresh_interval(Duration::ZERO);
    let client = client(&jwt(keys, &[ES256]));
    assert_eq!(send(&client, &token(&old, "ES256", "old")).await.0, 200);
    publish(&upstream, &[new.jwk("new")]);
    assert_eq!(send(&client, &token(&old, "ES256", "old")).await.0, 401);
    assert_eq!(send(&client, &token(&new, "ES256", "new")).await.0, 200);
}

#[tokio::test]
async fn max_age_is_respected() {
    let upstream = Upstream::start();
    let signer = Signer::p256();
    let set = json!({"keys": [signer.jwk("1")]}).to_string();
    let header = "Cache-Control: public, max-age=300\r\n".to_owned();
    upstream.on("/jwks", Behaviour::Respond("200 OK", header, set));
    let keys = jwks(&upstream)
        .min_interval(Duration::ZERO)
        .refresh_interval(Duration::ZERO);
    let client = client(&jwt(keys, &[ES256]));
    for _ in 0..3 {
        assert_eq!(send(&client, &token(&signer, "ES256", "1")).await.0, 200);
    }
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn unknown_ids_are_one_fetch_within_the_interval() {
    let upstream = Upstream::start();
    let signer = Signer::p256();
    publish(&upstream, &[signer.jwk("1")]);
    let client = client(&jwt(jwks(&upstream), &[ES256]));
    assert_eq!(send(&client, &token(&signer, "ES256", "1")).await.0, 200);
    let tokens: Vec<_> = (2..102)
        .map(|kid| token(&signer, "ES256", &kid.to_string()))
        .collect();
    let sent = tokens.iter().map(|token| send(&client, token));
    for (status, challenge) in join_all(sent).await {
        assert_eq!((status, challenge.as_deref()), (401, Some(INVALID)));
    }
    assert_eq!(upstream.requests().len(), 1);
}

/// Without an interval, so that only the shared fetch keeps the number down.
#[tokio::test]
async fn a_hundred_who_wait_share_a_fetch() {
    let upstream = Upstream::start();
    let (old, new) = (Signer::p256(), Signer::p256());
    publish(&upstream, &[old.jwk("old")]);
    let client = client(&jwt(jwks(&upstream).min_interval(Duration::ZERO), &[ES256]));
    for (signer, kid, fetches) in [(&old, "old", 1), (&new, "new", 2)] {
        let token = token(signer, "ES256", kid);
        let sent = (0..100).map(|_| send(&client, &token));
        assert!(join_all(sent).await.iter().all(|sent| sent.0 == 200));
        assert_eq!(upstream.requests().len(), fetches);
        publish(&upstream, &[old.jwk("old"), new.jwk("new")]);
    }
    // One of a hundred with an id that nobody has.
    let token = token(&new, "ES256", "unknown");
    let sent = (0..100).map(|_| send(&client, &token));
    assert!(join_all(sent).await.iter().all(|sent| sent.0 == 401));
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn a_dropped_request_does_not_end_the_fetch() {
    let upstream = Upstream::start();
    let signer = Signer::p256();
    publish(&upstream, &[signer.jwk("1")]);
    let jwt = jwt(jwks(&upstream), &[ES256]);
    let token = token(&signer, "ES256", "1");
    for _ in 0..50 {
        let dropped = tokio::time::timeout(Duration::ZERO, jwt.verify(&token)).await;
        assert!(dropped.is_err() || !upstream.requests().is_empty());
    }
    assert!(jwt.verify(&token).await.is_ok());
    assert_eq!(upstream.requests().len(), 1);
}

#[tokio::test]
async fn clones_share_the_keys() {
    let upstream = Upstream::start();
    let signer = Signer::p256();
    publish(&upstream, &[signer.jwk("1")]);
    let keys = jwks(&upstream);
    for _ in 0..2 {
        let jwt = jwt(keys.clone(), &[ES256]);
        assert!(jwt.verify(&token(&signer, "ES256", "1")).await.is_ok());
        assert!(
            jwt.clone()
                .verify(&token(&signer, "ES256", "1"))
                .await
                .is_ok()
        );
    }
    assert_eq!(upstream.requests().len(), 1);
}

#[test]
fn what_cannot_work_is_a_mistake() {
    assert!(Jwks::at("http://issuer.example.com/jwks").is_err());
    assert!(Jwks::at("jwks").is_err());
    let keys = Jwks::at("https://issuer.example.com/jwks").unwrap();
    let error = Jwt::<Claims>::new(ISSUER, AUDIENCE, [HS256], keys).unwrap_err();
    assert_eq!(error.to_string(), "a secret cannot be published");
}
