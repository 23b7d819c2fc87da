//! Tokens that are signed, and those that only look so.

mod discovery;
mod fixed_keys;
mod issuer_away;
mod pitfalls;
mod published_keys;
mod settings;
mod signer;

use resourceful::prelude::*;
use resourceful::{Authenticate, Authentication};
use resourceful_auth::Jwt;
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://issuer.example.com";
pub(crate) const AUDIENCE: &str = "https://api.example.com";
pub(crate) const INVALID: &str = "Bearer error=\"invalid_token\"";

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
}

pub(crate) fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap().as_secs()
}

/// Claims of a token that is accepted.
pub(crate) fn claims() -> Value {
    json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": now() + 300})
}

/// `claims()` with another member; `null` removes it.
pub(crate) fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

pub(crate) fn claims_without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

/// An application with one view, which is guarded.
pub(crate) fn client<C>(jwt: &Jwt<C>) -> TestClient
where
    C: Send + Sync + 'static,
{
    struct Guard;
    impl<C: Send + Sync + 'static> Access<Jwt<C>> for Guard {
        async fn check(jwt: &Jwt<C>, request: &Request) -> Result<()> {
            match jwt.authenticate(request).await? {
                Authentication::Caller(_) => Ok(()),
                Authentication::Foreign(error) => Err(error),
                Authentication::Missing => Err(Error::unauthorized("Bearer")),
            }
        }
    }
    async fn view(_: Request) -> Result<&'static str> {
        Ok("yes")
    }
    TestClient::new(App::new().get("/", guarded::<Guard, _>(view).state(jwt))).unwrap()
}

/// Status and challenge of a request with this token.
pub(crate) async fn send(client: &TestClient, token: &str) -> (u16, Option<String>) {
    let response = client
        .get("/")
        .header("authorization", &format!("Bearer {token}"))
        .await;
    let challenge = response.headers().get("www-authenticate");
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    (response.status().as_u16(), challenge)
}
