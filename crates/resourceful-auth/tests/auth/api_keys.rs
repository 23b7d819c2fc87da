//! Requests with API keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use resourceful::prelude::*;
use resourceful::{Any, Authenticate, Maybe, Security, SignedIn};
use resourceful_auth::{
    ApiKey, ApiKeyStore, ApiKeys, IssuedApiKey, MemoryApiKeyStore, NewApiKey, SecretHash,
};
use tokio::sync::Notify;

use crate::access::client;
use crate::log::Log;

const SECRET: &str = "7f3b9e0c2d4a5f6b7f3b9e0c2d4a5f6b";

fn keys() -> ApiKeys {
    ApiKeys::new("acme", MemoryApiKeyStore::default())
}

async fn issue<C>(keys: &ApiKeys<C>) -> IssuedApiKey {
    keys.create(NewApiKey::new("alice", "laptop"))
        .await
        .unwrap()
}

fn bearer(client: &TestClient, token: &str) -> resourceful::TestRequest {
    client
        .get("/")
        .header("authorization", &format!("Bearer {token}"))
}

async fn status(client: &TestClient, token: &str) -> u16 {
    bearer(client, token).await.status().as_u16()
}

#[tokio::test]
async fn a_key_is_accepted() {
    let keys = keys();
    let text = issue(&keys).await.text;
    let client = client(&keys);
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer  "] {
        let value = format!("{scheme} {text}");
        let response = client.get("/").header("authorization", &value).await;
        assert_eq!(response.status(), 200, "{scheme}");
    }
}

#[tokio::test]
async fn a_request_without_a_key_is_challenged() {
    let client = client(&keys());
    for request in [
        client.get("/"),
        client.get("/").header("authorization", "Basic YTpi"),
        client.get("/").header("authorization", ""),
        client.get("/").header("x-api-key", "acme_a_b"),
    ] {
        let response = request.await;
        assert_eq!(response.status(), 401);
        let challenge = "Bearer realm=\"acme\"";
        assert_eq!(response.headers()["www-authenticate"], challenge);
    }
}

/// A client cannot learn from the response which part is wrong.
#[tokio::test]
async fn every_wrong_key_gets_the_same_401() {
    let keys = keys();
    let issued = issue(&keys).await;
    let (id, text) = (issued.key.id.as_str(), issued.text.as_str());
    let expired = NewApiKey::new("alice", "old").expires_in(Duration::ZERO);
    let expired = keys.create(expired).await.unwrap().text;
    let revoked = issue(&keys).await;
    keys.revoke("alice", &revoked.key.id).await.unwrap();
    let client = client(&keys);
    assert_eq!(status(&client, text).await, 200);

    let secret = text.rsplit_once('_').unwrap().1;
    let wrong = [
        expired,
        revoked.text,
        format!("acme_{id}_{SECRET}"),
        format!("acme_unknown_{secret}"),
        format!("acme_{id}_"),
        format!("acme__{secret}"),
        format!("acme_{id}_{}", &secret[..42]),
        format!("{text}0"),
        format!("{text} "),
        format!("{text} {text}"),
        format!("{text},"),
        format!("other_{id}_{secret}"),
        format!("ACME_{id}_{secret}"),
        format!("acme_{id}_{}", secret.to_ascii_lowercase()),
        format!("acme_{id}_{}", "x".repeat(60_000)),
        format!("acme_{}_{secret}", "x".repeat(60_000)),
        "_".repeat(60_000),
        "header.payload.signature".to_owned(),
        String::new(),
    ];
    for token in wrong {
        let response = bearer(&client, &token).await;
        assert_eq!(response.status(), 401, "{token}");
        assert_eq!(
            response.headers()["www-authenticate"],
            "Bearer realm=\"acme\", error=\"invalid_token\", \
             error_description=\"The API key is wrong, expired or revoked.\""
        );
        let problem = serde_json::json!({
            "type": "about:blank", "title": "Unauthorized", "status": 401,
            "detail": "The API key is wrong, expired or revoked."
        });
        assert_eq!(response.json(), problem, "{token}");
    }
}

#[tokio::test]
async fn a_field_that_is_not_text_or_not_alone_is_401() {
    let keys = keys();
    let text = issue(&keys).await.text;
    let twice = format!("Bearer {text}");
    let client = client(&keys);
    let request = client.get("/").header("authorization", &twice);
    for response in [
        request.header("authorization", &twice).await,
        bearer(&client, &format!("{text}é")).await,
        bearer(&client, &format!("{text}\t")).await,
    ] {
        assert_eq!(response.status(), 401);
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
}

#[tokio::test]
async fn a_key_may_come_in_a_field_of_its_own() {
    let keys = keys().in_header("X-Api-Key");
    let text = issue(&keys).await.text;
    let client = client(&keys);
    let with = |value: &str| client.get("/").header("x-api-key", value);
    assert_eq!(with(&text).await.status(), 200);
    // The other field has no effect.
    let other = with(&text).header("authorization", "Bearer x");
    assert_eq!(other.await.status(), 200);
    let missing = bearer(&client, &text).await;
    assert_eq!(missing.status(), 401);
    let challenge = "ApiKey realm=\"acme\", header=\"X-Api-Key\"";
    assert_eq!(missing.headers()["www-authenticate"], challenge);
    for wrong in [
        with(&format!("acme_unknown_{SECRET}")),
        with(&text).header("x-api-key", &text),
        with("é"),
        with(""),
        with(&format!("Bearer {text}")),
    ] {
        let response = wrong.await;
        assert_eq!(response.status(), 401);
        assert_eq!(
            response.headers()["www-authenticate"],
            format!(
                "{challenge}, error=\"invalid_token\", \
                 error_description=\"The API key is wrong, expired or revoked.\""
            )
        );
    }
}

#[test]
fn the_document_names_the_field() {
    assert_eq!(keys().security(), Security::Bearer);
    let keys = keys().in_header("X-Api-Key");
    assert_eq!(keys.security(), Security::HeaderKey("X-Api-Key".into()));
}

/// `Maybe` lets requests without credentials in, and no others.
#[tokio::test]
async fn wrong_keys_are_401_where_none_is_needed() {
    async fn name(request: Request<Option<ApiKey>>) -> Result<String> {
        let key = request.caller().as_ref();
        Ok(key.map_or("nobody", |key| &key.owner).to_owned())
    }
    let keys = keys();
    let text = issue(&keys).await.text;
    let view = guarded::<Maybe<ApiKeys>, _>(name).state(&keys);
    let client = TestClient::new(App::new().get("/", view)).unwrap();
    assert_eq!(bearer(&client, &text).await.text(), "alice");
    assert_eq!(client.get("/").await.text(), "nobody");
    for wrong in [&format!("{text}0"), "acme__", "other_a_b", "a.b.c", ""] {
        assert_eq!(status(&client, wrong).await, 401, "{wrong}");
    }
}

struct Live(&'static str);
struct Test;

impl From<Test> for Live {
    fn from(_: Test) -> Self {
        Self("test")
    }
}

#[derive(Clone, AsRef)]
struct Ways {
    #[as_ref]
    live: ApiKeys<Live>,
    #[as_ref]
    test: ApiKeys<Test>,
}

/// The keys of two systems begin with other prefixes.
#[tokio::test]
async fn keys_of_another_prefix_are_left_to_another_authenticator() {
    async fn name(request: Request<Live>) -> Result<&'static str> {
        Ok(request.caller().0)
    }
    let text = |prefix: &str| format!("{prefix}_alice_{SECRET}");
    let fixed = |prefix: &str| ApiKeys::fixed(prefix, [text(prefix)]).unwrap();
    let ways = Ways {
        live: fixed("acme").with_callers(async |_| Ok(Some(Live("live")))),
        test: fixed("acme_test").with_callers(async |_| Ok(Some(Test))),
    };
    let view = guarded::<SignedIn<Any<(ApiKeys<Live>, ApiKeys<Test>)>>, _>(name).state(&ways);
    let app = App::new().get("/", view);
    let document = app.openapi().unwrap();
    let operation = &document.as_value()["paths"]["/"]["get"];
    assert_eq!(operation["security"], serde_json::json!([{"bearer": []}]));

    let client = TestClient::new(app).unwrap();
    assert_eq!(bearer(&client, &text("acme")).await.text(), "live");
    assert_eq!(bearer(&client, &text("acme_test")).await.text(), "test");
    for prefix in ["other", "acme_", "acme_test_"] {
        assert_eq!(status(&client, &text(prefix)).await, 401, "{prefix}");
    }
    let missing = client.get("/").await;
    let challenges = missing.headers().get_all("www-authenticate").iter();
    let expected = ["Bearer realm=\"acme\"", "Bearer realm=\"acme_test\""];
    assert_eq!(challenges.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn keys_of_a_setting_need_no_database() {
    let alice = format!("acme_alice_{SECRET}");
    let keys = ApiKeys::fixed("acme", [&alice, &format!("acme_bob_{SECRET}")]).unwrap();
    let client = client(&keys);
    assert_eq!(status(&client, &alice).await, 200);
    assert_eq!(status(&client, &format!("acme_carol_{SECRET}")).await, 401);
    assert_eq!(keys.list("alice").await.unwrap()[0].id, "alice");
}

#[test]
fn an_error_of_a_setting_does_not_contain_the_key() {
    let short = &SECRET[..31];
    for texts in [
        vec![String::new()],
        vec![SECRET.to_owned()],
        vec![format!("acme_alice_{short}")],
        vec![format!("other_alice_{SECRET}")],
        vec![format!("acme_alice_{SECRET}\n")],
        vec![
            format!("acme_alice_{SECRET}"),
            format!("acme_alice_{SECRET}"),
        ],
    ] {
        let error = ApiKeys::fixed("acme", &texts).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(!text.contains(short), "{text}");
        assert_eq!(error.status(), 500);
    }
}

#[test]
fn a_prefix_that_no_key_can_have_is_refused_at_the_start() {
    for prefix in ["", "a b", "a-b", "é", "a\"b", &"x".repeat(33)] {
        let new = || ApiKeys::new(prefix, MemoryApiKeyStore::default());
        assert!(std::panic::catch_unwind(new).is_err(), "{prefix}");
    }
}

#[tokio::test]
async fn the_application_finds_the_caller() {
    struct User;
    let find = async |key: ApiKey| match key.owner.as_str() {
        "alice" => Ok(Some(User)),
        "error" => Err(Error::unavailable(Duration::from_secs(3))),
        _ => Ok(None),
    };
    let keys = keys().with_callers(find);
    let client = client(&keys);
    for (owner, expected) in [("alice", 200), ("nobody", 401), ("error", 503)] {
        let issued = keys.create(NewApiKey::new(owner, "x")).await.unwrap();
        let response = bearer(&client, &issued.text).await;
        assert_eq!(response.status(), expected, "{owner}");
    }
}

#[tokio::test]
async fn a_key_needs_its_scopes() {
    let new = NewApiKey::new("alice", "x").with_scopes(["posts:read", "posts:write"]);
    let key = keys().create(new).await.unwrap().key;
    key.require_scope("posts:read").unwrap();
    for (scope, challenge) in [
        (
            "posts",
            "Bearer error=\"insufficient_scope\", scope=\"posts\"",
        ),
        (
            "posts:read posts:write",
            "Bearer error=\"insufficient_scope\"",
        ),
        ("a\"b", "Bearer error=\"insufficient_scope\""),
        ("é", "Bearer error=\"insufficient_scope\""),
        ("", "Bearer error=\"insufficient_scope\""),
    ] {
        let check = move |key: ApiKey| async move { key.require_scope(scope).map(|()| Some(())) };
        let keys = keys().with_callers(check);
        let issued = issue(&keys).await;
        let response = bearer(&client(&keys), &issued.text).await;
        assert_eq!(response.status(), 403, "{scope}");
        assert_eq!(response.headers()["www-authenticate"], challenge, "{scope}");
    }
}

#[tokio::test]
async fn a_key_that_stores_cannot_keep_is_not_created() {
    let keys = keys();
    for new in [
        NewApiKey::new("alice", "x").with_scopes(["a b"]),
        NewApiKey::new("alice", "x").with_scopes([""]),
        NewApiKey::new("alice", "x").with_scopes(["é"]),
        NewApiKey::new("alice", "x\0"),
        NewApiKey::new("ali\0ce", "x"),
    ] {
        assert_eq!(keys.create(new).await.unwrap_err().status(), 400);
    }
    for id in ["", "a\0", "é", "a/b", &"x".repeat(1000)] {
        assert_eq!(keys.revoke("alice", id).await.unwrap_err().status(), 404);
    }
}

#[tokio::test]
async fn a_record_is_json_without_secrets() {
    let new = NewApiKey::new("alice", "laptop").with_scopes(["a"]);
    let mut issued = keys().create(new.expires_in(Duration::MAX)).await.unwrap();
    assert_eq!(issued.key.expires_at, None); // after all times that there are
    issued.key.created_at = SystemTime::UNIX_EPOCH;
    issued.key.expires_at = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
    let id = issued.key.id.as_str();
    assert_eq!(
        serde_json::to_value(&issued.key).unwrap(),
        serde_json::json!({
            "id": id, "owner": "alice", "name": "laptop", "scopes": ["a"],
            "created_at": "1970-01-01T00:00:00Z", "expires_at": "2023-11-14T22:13:20Z",
            "revoked_at": null, "last_used_at": null,
        })
    );
}

/// Fails, waits, or counts; otherwise a store in memory.
#[derive(Debug, Default)]
struct Probe {
    keys: MemoryApiKeyStore,
    finds: AtomicUsize,
    uses: AtomicUsize,
    use_written: Notify,
    use_hangs: bool,
    use_fails: bool,
    find_fails: bool,
}

impl Probe {
    async fn wait_for_a_use(&self) {
        let limit = Duration::from_secs(30);
        let written = tokio::time::timeout(limit, self.use_written.notified()).await;
        written.expect("the use of a key was not written");
    }
}

#[async_trait]
impl ApiKeyStore for Probe {
    async fn insert(&self, key: &ApiKey, hash: &SecretHash) -> Result<()> {
        self.keys.insert(key, hash).await
    }

    async fn find(&self, id: &str) -> Result<Option<(ApiKey, SecretHash)>> {
        self.finds.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        if self.find_fails {
            let error = Error::unavailable(Duration::from_secs(5));
            return Err(error.with_source("connection refused"));
        }
        self.keys.find(id).await
    }

    async fn list(&self, owner: &str) -> Result<Vec<ApiKey>> {
        self.keys.list(owner).await
    }

    async fn revoke(&self, owner: &str, id: &str, at: SystemTime) -> Result<Option<ApiKey>> {
        self.keys.revoke(owner, id, at).await
    }

    async fn record_use(&self, id: &str, at: SystemTime) -> Result<()> {
        self.uses.fetch_add(1, Ordering::Relaxed);
        self.use_written.notify_one();
        if self.use_hangs {
            std::future::pending::<()>().await;
        }
        if self.use_fails {
            return Err(Error::internal("read only"));
        }
        self.keys.record_use(id, at).await
    }
}

fn probed(probe: Probe) -> (Arc<Probe>, ApiKeys, TestClient) {
    let probe = Arc::new(probe);
    let keys = ApiKeys::new("acme", Arc::clone(&probe));
    let client = client(&keys);
    (probe, keys, client)
}

#[tokio::test]
async fn a_store_that_is_away_is_503() {
    let (_, keys, client) = probed(Probe {
        find_fails: true,
        ..Probe::default()
    });
    let response = bearer(&client, &issue(&keys).await.text).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
    assert!(!response.text().contains("refused"));
}

/// One query each: its time tells nothing of the id. What is no key costs none.
#[tokio::test]
async fn an_unknown_id_costs_the_query_of_a_wrong_secret() {
    let (probe, keys, client) = probed(Probe::default());
    let id = issue(&keys).await.key.id;
    for (token, finds) in [
        (format!("acme_{id}_{SECRET}"), 1),
        (format!("acme_unknown_{SECRET}"), 2),
        (format!("acme_{id}_short"), 2),
        (format!("other_{id}_{SECRET}"), 2),
    ] {
        assert_eq!(status(&client, &token).await, 401);
        assert_eq!(probe.finds.load(Ordering::Relaxed), finds, "{token}");
    }
}

#[tokio::test]
async fn the_use_of_a_key_is_written_once_a_minute() {
    let (probe, keys, client) = probed(Probe::default());
    let issued = issue(&keys).await;
    let at_once = (0..50).map(|_| async { Ok::<_, Error>(status(&client, &issued.text).await) });
    for status in gather(50, at_once).await {
        assert_eq!(status.unwrap(), 200);
    }
    probe.wait_for_a_use().await;
    assert_eq!(status(&client, &issued.text).await, 200);
    let key = keys.list("alice").await.unwrap().remove(0);
    assert!(key.last_used_at >= Some(issued.key.created_at));
    assert_eq!(probe.uses.load(Ordering::Relaxed), 1);
    // Wrong keys are not used.
    let wrong = format!("acme_{}_{SECRET}", issue(&keys).await.key.id);
    assert_eq!(status(&client, &wrong).await, 401);
    tokio::task::yield_now().await;
    assert_eq!(probe.uses.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_use_is_written_again_after_a_minute() {
    let (probe, keys, client) = probed(Probe::default());
    let issued = issue(&keys).await;
    let long_ago = SystemTime::now() - Duration::from_secs(61);
    probe
        .keys
        .record_use(&issued.key.id, long_ago)
        .await
        .unwrap();
    assert_eq!(status(&client, &issued.text).await, 200);
    probe.wait_for_a_use().await;
    let key = keys.list("alice").await.unwrap().remove(0);
    assert!(key.last_used_at > Some(long_ago));
    // The record is another process's, of this minute.
    let other = issue(&keys).await;
    let recent = SystemTime::now() - Duration::from_secs(30);
    probe.keys.record_use(&other.key.id, recent).await.unwrap();
    assert_eq!(status(&client, &other.text).await, 200);
    tokio::task::yield_now().await;
    assert_eq!(probe.uses.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_use_that_cannot_be_written_fails_no_request() {
    let (log, _guard) = Log::start();
    let (probe, keys, client) = probed(Probe {
        use_fails: true,
        ..Probe::default()
    });
    let issued = issue(&keys).await;
    for _ in 0..20 {
        assert_eq!(status(&client, &issued.text).await, 200);
    }
    probe.wait_for_a_use().await;
    tokio::task::yield_now().await;
    // A store that fails is not written more often than another.
    assert_eq!(probe.uses.load(Ordering::Relaxed), 1);
    let text = log.text();
    assert_eq!(text.matches("could not be recorded").count(), 1, "{text}");
    assert!(text.contains(&issued.key.id) && !text.contains(&issued.text));
}

#[tokio::test(start_paused = true)]
async fn writes_that_hang_take_four_connections_for_ten_seconds() {
    let (probe, keys, client) = probed(Probe {
        use_hangs: true,
        ..Probe::default()
    });
    let mut texts = Vec::new();
    for _ in 0..10 {
        texts.push(issue(&keys).await.text);
    }
    for written in [4, 8] {
        for text in &texts {
            assert_eq!(status(&client, text).await, 200);
        }
        tokio::task::yield_now().await;
        assert_eq!(probe.uses.load(Ordering::Relaxed), written);
        tokio::time::sleep(Duration::from_secs(11)).await;
    }
}

#[tokio::test]
async fn a_dropped_request_leaves_no_trace() {
    let (probe, keys, client) = probed(Probe::default());
    let issued = issue(&keys).await;
    for polls in 0..6 {
        let mut dropped = Box::pin(async { bearer(&client, &issued.text).await.status() });
        for _ in 0..polls {
            tokio::select! {
                biased;
                _ = &mut dropped => break,
                () = tokio::task::yield_now() => {}
            }
        }
    }
    assert_eq!(status(&client, &issued.text).await, 200);
    probe.wait_for_a_use().await;
    assert_eq!(probe.uses.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn no_log_line_has_a_key() {
    let (log, _guard) = Log::start();
    let keys = keys();
    let good = issue(&keys).await;
    let gone = issue(&keys).await;
    keys.revoke("alice", &gone.key.id).await.unwrap();
    let client = client(&keys);
    let wrong = format!("acme_wrong_{SECRET}");
    let malformed = format!("acme_é_{SECRET}");
    for text in [&good.text, &gone.text, &wrong, &malformed] {
        status(&client, text).await;
    }
    tracing::info!(?keys, ?good, "debug output");
    let text = log.text();
    assert!(text.contains("debug output"));
    for key in [&good.text, &gone.text, &wrong] {
        let (_, secret) = key.rsplit_once('_').unwrap();
        assert!(!text.contains(secret), "{text}");
    }
    // Its hash is no secret, but nobody needs it.
    let (_, hash) = (
        MemoryApiKeyStore::default(),
        SecretHash::from_bytes([171; 32]),
    );
    assert!(!format!("{hash:?}").contains("171"));
}
