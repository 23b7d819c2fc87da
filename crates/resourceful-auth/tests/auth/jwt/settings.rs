//! Settings of `Jwt`.

use std::time::Duration;

use resourceful::prelude::*;
use resourceful::{Authenticate, ErrorStatus};
use resourceful_auth::{Algorithm, Jwt, Key, insufficient_scope};
use serde_json::json;

use super::signer::Signer;
use super::{AUDIENCE, Claims, ISSUER, claims, claims_with, client, now, send};

fn jwt(signer: &Signer) -> Jwt<Claims> {
    let key = Key::from_pem(Algorithm::EdDSA, signer.public_pem()).unwrap();
    Jwt::new(ISSUER, AUDIENCE, [Algorithm::EdDSA], key).unwrap()
}

#[tokio::test]
async fn the_leeway_is_set() {
    let signer = Signer::ed25519();
    let strict = jwt(&signer).leeway(Duration::ZERO);
    let lenient = jwt(&signer).leeway(Duration::from_secs(120));
    let unlimited = jwt(&signer).leeway(Duration::MAX);
    let expired = |seconds| {
        signer.sign(
            &json!({"alg": "EdDSA"}),
            &claims_with("exp", json!(now() - seconds)),
        )
    };
    assert!(strict.verify(&expired(0)).await.is_err());
    assert!(lenient.verify(&expired(100)).await.is_ok());
    assert!(lenient.verify(&expired(121)).await.is_err());
    assert!(unlimited.verify(&expired(601)).await.is_err());
}

#[tokio::test]
async fn the_token_type_is_demanded() {
    let signer = Signer::ed25519();
    let client = client(&jwt(&signer).token_type("at+jwt"));
    for (header, status) in [
        (json!({"alg": "EdDSA", "typ": "at+jwt"}), 200),
        (json!({"alg": "EdDSA", "typ": "Application/AT+JWT"}), 200),
        (json!({"alg": "EdDSA", "typ": "JWT"}), 401),
        (json!({"alg": "EdDSA", "typ": "application/"}), 401),
        (json!({"alg": "EdDSA", "typ": "applicationéat+jwt"}), 401),
        (json!({"alg": "EdDSA"}), 401),
    ] {
        let token = signer.sign(&header, &claims());
        assert_eq!(send(&client, &token).await.0, status, "{header}");
    }
}

#[tokio::test]
async fn the_size_is_set() {
    let signer = Signer::ed25519();
    let token = signer.sign(&json!({"alg": "EdDSA"}), &claims());
    assert!(
        jwt(&signer)
            .max_token_size(token.len())
            .verify(&token)
            .await
            .is_ok()
    );
    assert!(
        jwt(&signer)
            .max_token_size(token.len() - 1)
            .verify(&token)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn challenges_name_the_metadata() {
    let signer = Signer::ed25519();
    let address = "https://api.example.com/.well-known/oauth-protected-resource";
    let jwt = jwt(&signer).resource_metadata(address).unwrap();
    let expected = format!("Bearer resource_metadata=\"{address}\"");
    assert_eq!(jwt.challenge().to_str().unwrap(), expected);
    let (status, challenge) = send(&client(&jwt), "a.b.c").await;
    let expected = format!("Bearer error=\"invalid_token\", resource_metadata=\"{address}\"");
    assert_eq!((status, challenge), (401, Some(expected)));
    // A quote does not end the parameter.
    let jwt = jwt
        .resource_metadata("https://a.example/\"x\\é?\"")
        .unwrap();
    let challenge = jwt.challenge();
    assert_eq!(
        challenge,
        "Bearer resource_metadata=\"https://a.example/%22x/%C3%A9?%22\""
    );
    assert!(jwt.resource_metadata("http://a.example/").is_err());
}

#[tokio::test]
async fn a_caller_is_made_of_the_claims() {
    let signer = Signer::ed25519();
    let token = |sub: &str| signer.sign(&json!({"alg": "EdDSA"}), &claims_with("sub", json!(sub)));
    let jwt = jwt(&signer).with_callers(|claims: Claims| async move {
        match claims.sub.as_str() {
            "deleted" => Ok(None),
            "broken" => Err(Error::new(ErrorStatus::new(503))),
            name => Ok(Some(name.len())),
        }
    });
    assert_eq!(jwt.verify(&token("alice")).await.unwrap(), 5);
    assert_eq!(
        jwt.verify(&token("deleted")).await.unwrap_err().status(),
        401
    );
    assert_eq!(
        jwt.verify(&token("broken")).await.unwrap_err().status(),
        503
    );
}

#[tokio::test]
async fn no_token_is_no_caller() {
    let client = client(&jwt(&Signer::ed25519()));
    for credentials in [None, Some("Basic YTpi")] {
        let mut request = client.get("/");
        if let Some(credentials) = credentials {
            request = request.header("authorization", credentials);
        }
        let response = request.await;
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
    }
}

#[tokio::test]
async fn a_missing_scope_is_403() {
    async fn view(_: Request) -> Result<&'static str> {
        Err(insufficient_scope("posts:read posts:write"))
    }
    let client = TestClient::new(App::new().get("/", public(view))).unwrap();
    let response = client.get("/").await;
    assert_eq!(response.status(), 403);
    let expected = "Bearer error=\"insufficient_scope\", scope=\"posts:read posts:write\"";
    assert_eq!(response.headers()["www-authenticate"], expected);
}
