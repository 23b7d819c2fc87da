//! An `OpenID` provider that asks nobody: discovery, keys, authorisation and token endpoint.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use resourceful::http::StatusCode;
use resourceful::prelude::*;
use resourceful::{Form, Redirect};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

pub(crate) const CLIENT_ID: &str = "the-site";
pub(crate) const CLIENT_SECRET: &str = "s3cret";
pub(crate) const AUDIENCE: &str = "https://api.example.com";

#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

struct State {
    key: EcdsaKeyPair,
    key_id: u32,
    grants: HashMap<String, Grant>,
    /// Members of the next ID token, which replace those that are right.
    changes: Value,
    is_forging: bool,
}

/// A sign-in whose code nobody has exchanged yet.
struct Grant {
    nonce: String,
    challenge: String,
    redirect: String,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = Self {
            address: format!("http://{}", listener.local_addr().unwrap()),
            state: Arc::new(Mutex::new(State {
                key: new_key(),
                key_id: 1,
                grants: HashMap::new(),
                changes: json!({}),
                is_forging: false,
            })),
        };
        let app = App::new()
            .get(
                "/.well-known/openid-configuration",
                public(configuration).state(&issuer),
            )
            .get("/jwks", public(jwks).state(&issuer))
            .get("/authorize", public(authorize).state(&issuer))
            .post("/token", public(token).state(&issuer));
        tokio::spawn(app.listen(listener).unwrap().run());
        issuer
    }

    /// From now on tokens are signed with another key, and only that one is published.
    pub(crate) fn rotate(&self) {
        let mut state = self.lock();
        state.key = new_key();
        state.key_id += 1;
    }

    /// ID tokens have these members instead of those that are right.
    pub(crate) fn change(&self, changes: Value) {
        self.lock().changes = changes;
    }

    /// Tokens are signed with a key that is not published.
    pub(crate) fn forge(&self) {
        self.lock().is_forging = true;
    }

    pub(crate) fn access_token(&self) -> String {
        let claims = json!({
            "iss": self.address, "aud": AUDIENCE, "sub": "bob", "client_id": "a machine", "exp": now() + 300,
        });
        self.lock().sign("at+jwt", &claims)
    }

    pub(crate) fn id_token(&self, nonce: &str) -> String {
        let mut claims = json!({
            "iss": self.address, "aud": CLIENT_ID, "sub": "alice", "name": "Alice", "nonce": nonce,
            "iat": now(), "exp": now() + 300,
        });
        let state = self.lock();
        for (name, value) in state.changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        state.sign("JWT", &claims)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn sign(&self, typ: &str, claims: &Value) -> String {
        let header = json!({"alg": "ES256", "typ": typ, "kid": self.key_id.to_string()});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let other = new_key();
        let key = if self.is_forging { &other } else { &self.key };
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn new_key() -> EcdsaKeyPair {
    let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

#[endpoint]
async fn configuration(issuer: &Issuer) -> Result<Json<Value>> {
    let address = &issuer.address;
    Ok(Json(json!({
        "issuer": address,
        "authorization_endpoint": format!("{address}/authorize"),
        "token_endpoint": format!("{address}/token"),
        "jwks_uri": format!("{address}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
    })))
}

#[endpoint]
async fn jwks(issuer: &Issuer) -> Result<Json<Value>> {
    let state = issuer.lock();
    let (x, y) = state.key.public_key().as_ref()[1..].split_at(32);
    Ok(Json(json!({"keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": state.key_id.to_string(),
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    }]})))
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct Authorize {
    response_type: String,
    client_id: String,
    redirect_uri: String,
    scope: String,
    state: String,
    nonce: String,
    code_challenge: String,
    code_challenge_method: String,
}

#[endpoint]
async fn authorize(issuer: &Issuer, query: Authorize) -> Result<Redirect> {
    assert_eq!(
        (&*query.response_type, &*query.client_id),
        ("code", CLIENT_ID)
    );
    assert_eq!(
        (&*query.scope, &*query.code_challenge_method),
        ("openid profile", "S256")
    );
    let code = URL_SAFE_NO_PAD.encode(Sha256::digest(&query.state));
    let mut target = Url::parse(&query.redirect_uri).unwrap();
    let mut parameters = target.query_pairs_mut();
    parameters.append_pair("code", &code);
    parameters.append_pair("state", &query.state);
    parameters.append_pair("iss", &issuer.address);
    drop(parameters);
    let grant = Grant {
        nonce: query.nonce,
        challenge: query.code_challenge,
        redirect: query.redirect_uri,
    };
    issuer.lock().grants.insert(code, grant);
    Ok(Redirect::see_other(target))
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct TokenRequest {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
}

#[endpoint]
async fn token(issuer: &Issuer, request: &Request, body: Form<TokenRequest>) -> Result<Response> {
    let expected = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    if request.credentials("Basic")? != Some(&*expected) {
        return Err(Error::unauthorized("Basic"));
    }
    let body = body.0;
    assert_eq!(body.grant_type, "authorization_code");
    // A code is exchanged once (RFC 6749 section 4.1.2).
    let grant = issuer.lock().grants.remove(&body.code);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&body.code_verifier));
    let grant =
        grant.filter(|grant| grant.challenge == challenge && grant.redirect == body.redirect_uri);
    let Some(grant) = grant else {
        let error = Json(json!({"error": "invalid_grant"}));
        return Ok((StatusCode::BAD_REQUEST, error).into_response());
    };
    let tokens = json!({
        "access_token": issuer.access_token(), "token_type": "Bearer", "expires_in": 300,
        "id_token": issuer.id_token(&grant.nonce),
    });
    Ok(Json(tokens).into_response())
}
