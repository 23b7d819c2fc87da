//! Keys that the application has: PEM, DER, secrets.

use resourceful_auth::Algorithm::{ES256, HS256, HS512, RS256};
use resourceful_auth::{Algorithm, Jwt, Key};
use serde_json::json;

use super::signer::{Signer, all};
use super::{AUDIENCE, Claims, INVALID, ISSUER, claims, client, send};

fn algorithm(name: &str) -> Algorithm {
    serde_json::from_value(json!(name)).unwrap()
}

fn key(name: &str, signer: &Signer) -> Key {
    let algorithm = algorithm(name);
    match (name, signer) {
        ("HS256", _) => Key::from_secret(algorithm, [7; 32]).unwrap(),
        ("HS384", _) => Key::from_secret(algorithm, [7; 48]).unwrap(),
        ("HS512", _) => Key::from_secret(algorithm, [7; 64]).unwrap(),
        _ => Key::from_pem(algorithm, signer.public_pem()).unwrap(),
    }
}

fn jwt(name: &str, key: Key) -> Jwt<Claims> {
    Jwt::new(ISSUER, AUDIENCE, [algorithm(name)], key).unwrap()
}

#[tokio::test]
async fn every_algorithm_accepts_its_tokens_and_no_others() {
    for (name, signer) in all() {
        let client = client(&jwt(name, key(name, &signer)));
        for (other, other_signer) in all() {
            // The same key where the families agree, except for new keys on curves.
            let signer = if name == other {
                &signer
            } else {
                &other_signer
            };
            for header in [name, other] {
                let token = signer.sign(&json!({"alg": header}), &claims());
                let expected = if other == name && header == name {
                    (200, None)
                } else {
                    (401, Some(INVALID.to_owned()))
                };
                assert_eq!(
                    send(&client, &token).await,
                    expected,
                    "{name} {other} {header}"
                );
            }
        }
    }
}

#[tokio::test]
async fn der_and_pem_are_the_same_key() {
    for (name, signer) in all().into_iter().skip(3) {
        let key = Key::from_der(algorithm(name), signer.public_der()).unwrap();
        let token = signer.sign(&json!({"alg": name}), &claims());
        assert_eq!(jwt(name, key).verify(&token).await.unwrap().sub, "alice");
    }
}

#[tokio::test]
async fn the_older_form_of_rsa_keys_is_read() {
    let signer = Signer::rsa(&ring::signature::RSA_PKCS1_SHA256);
    let key = Key::from_pem(RS256, signer.rsa_pem()).unwrap();
    let token = signer.sign(&json!({"alg": "RS256"}), &claims());
    assert_eq!(jwt("RS256", key).verify(&token).await.unwrap().sub, "alice");
}

#[test]
fn a_key_of_another_kind_is_a_mistake() {
    for (name, signer) in all().into_iter().skip(3) {
        for (other, other_signer) in all().into_iter().skip(3) {
            let fits = other[..2] == name[..2] && name != "ES256" && name != "ES384"
                || name == other
                || [name, other]
                    .iter()
                    .all(|one| one.starts_with('R') || one.starts_with('P'));
            let key = Key::from_pem(algorithm(name), other_signer.public_pem());
            assert_eq!(key.is_ok(), fits, "{name} {other}");
        }
        assert!(Key::from_secret(algorithm(name), [7; 64]).is_err());
        // A public key as a secret is the oldest attack of all.
        for hmac in ["HS256", "HS384", "HS512"] {
            assert!(Key::from_pem(algorithm(hmac), signer.public_pem()).is_err());
            assert!(Key::from_der(algorithm(hmac), signer.public_der()).is_err());
        }
    }
}

#[test]
fn a_short_secret_is_a_mistake() {
    for (name, length) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
        assert!(Key::from_secret(algorithm(name), vec![7; length]).is_ok());
        let error = Key::from_secret(algorithm(name), vec![7; length - 1]).unwrap_err();
        let expected = format!("the secret of {name} is too short (RFC 7518 section 3.2)");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_key_that_is_none_is_a_mistake() {
    let private =
        ring::signature::Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
    let public = Signer::ed25519().public_pem();
    for text in [
        String::new(),
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n".to_owned(),
        public.replace("PUBLIC", "PRIVATE"),
        public.replace("PUBLIC KEY", "CERTIFICATE"),
        public[..public.len() / 2].to_owned(),
    ] {
        assert!(Key::from_pem(Algorithm::EdDSA, &text).is_err(), "{text}");
    }
    for der in [&b""[..], b"\x30", private.as_ref(), &[0xff; 100]] {
        assert!(Key::from_der(Algorithm::EdDSA, der).is_err());
    }
}

#[test]
fn a_key_shows_no_secret() {
    let key = Key::from_secret(HS256, b"the secret that nobody may read!").unwrap();
    let jwt = jwt("HS256", key.clone().with_id("one"));
    for text in [format!("{key:?}"), format!("{jwt:?}")] {
        assert!(
            !text.contains("nobody") && !text.contains("110, 111"),
            "{text}"
        );
    }
}

/// Two keys with ids, while one replaces the other.
#[tokio::test]
async fn the_id_selects_the_key() {
    let (old, new) = (Signer::ed25519(), Signer::ed25519());
    let keys = [("old", &old), ("new", &new)];
    let keys = keys.map(|(id, signer)| {
        Key::from_pem(Algorithm::EdDSA, signer.public_pem())
            .unwrap()
            .with_id(id)
    });
    let jwt = Jwt::<Claims>::new(ISSUER, AUDIENCE, [Algorithm::EdDSA], keys).unwrap();
    let client = client(&jwt);
    for (signer, kid, expected) in [
        (&old, Some("old"), 200),
        (&new, Some("new"), 200),
        (&old, None, 200),
        (&new, None, 200),
        (&old, Some("new"), 401),
        (&old, Some("other"), 401),
    ] {
        let mut header = json!({"alg": "EdDSA"});
        if let Some(kid) = kid {
            header["kid"] = json!(kid);
        }
        let token = signer.sign(&header, &claims());
        assert_eq!(send(&client, &token).await.0, expected, "{kid:?}");
    }
}

#[test]
fn what_cannot_work_is_a_mistake() {
    let secret = || Key::from_secret(HS256, [7; 32]).unwrap();
    let public = || Key::from_pem(ES256, Signer::p256().public_pem()).unwrap();
    let new = |issuer: &str, audience: &str, algorithms: &[Algorithm], keys: Vec<Key>| {
        let jwt = Jwt::<Claims>::new(issuer, audience, algorithms.to_vec(), keys);
        jwt.map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(new("i", "a", &[HS256], vec![secret()]), Ok(()));
    assert_eq!(new("i", "a", &[ES256, RS256], vec![public()]), Ok(()));
    let missing = Err("tokens need an issuer, an audience and an algorithm".to_owned());
    assert_eq!(new("", "a", &[HS256], vec![secret()]), missing);
    assert_eq!(new("i", "", &[HS256], vec![secret()]), missing);
    assert_eq!(new("i", "a", &[], vec![secret()]), missing);
    let mixed = Err("HMAC cannot be mixed with algorithms of public keys".to_owned());
    assert_eq!(
        new("i", "a", &[HS256, ES256], vec![secret(), public()]),
        mixed
    );
    assert_eq!(new("i", "a", &[ES256, HS256], vec![public()]), mixed);
    assert_eq!(
        new("i", "a", &[HS256], vec![]),
        Err("tokens need a key".to_owned())
    );
    let error = new("i", "a", &[HS512], vec![secret()]).unwrap_err();
    assert!(error.ends_with("is not listed"), "{error}");
    assert!(new("i", "a", &[RS256], vec![public()]).is_err());
}
