//! Tokens that the issuer is asked about, and the metadata of a protected resource.

mod cache;
mod introspection;
mod issuer_away;
mod protected_resource;

use std::time::{SystemTime, UNIX_EPOCH};

use resourceful::prelude::*;
use resourceful_auth::Introspection;
use resourceful_test_parts::Upstream;
use serde_json::{Value, json};

#[derive(Clone, Debug, Deserialize)]
struct Token {
    sub: String,
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

/// The response for a token that is accepted.
fn active() -> Value {
    json!({"active": true, "sub": "alice", "exp": now() + 300})
}

fn active_with(name: &str, value: Value) -> Value {
    let mut active = active();
    active[name] = value;
    active
}

fn introspection(upstream: &Upstream) -> Introspection<Token> {
    let address = format!("{}/introspect", upstream.url());
    Introspection::new(&address, "posts-api", "s3cret").unwrap()
}

fn answer(upstream: &Upstream, response: &Value) {
    upstream.json("/introspect", response.to_string());
}
