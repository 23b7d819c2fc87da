//! Passwords in bodies, and requests with Basic.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use resourceful::prelude::*;
use resourceful::{Authenticate, Security, SignedIn, TestRequest, TestResponse};
use resourceful_auth::{Account, Accounts, Basic, CrossOrigin, Password, Passwords};

use crate::access::client;
use crate::log::Log;

const PASSWORD: &str = "correct: horse £";

/// One account, `Zoë`. The name `error` is unavailable.
struct OneAccount {
    hash: String,
    finds: Arc<AtomicUsize>,
}

#[async_trait]
impl Accounts<&'static str> for OneAccount {
    async fn find(&self, name: &str) -> Result<Option<Account<&'static str>>> {
        self.finds.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        let account = || Account {
            password_hash: self.hash.clone(),
            caller: "Zoë",
        };
        match name {
            "Zoë" => Ok(Some(account())),
            "error" => Err(Error::unavailable(Duration::from_secs(5))),
            _ => Ok(None),
        }
    }
}

async fn basic_with(passwords: Passwords) -> Basic<&'static str> {
    let hash = passwords.hash(&Password::new(PASSWORD).unwrap()).await;
    let hash = hash.unwrap();
    let finds = Arc::default();
    Basic::new("reports", passwords, OneAccount { hash, finds })
}

async fn basic() -> Basic<&'static str> {
    basic_with(Passwords::new().with_cost(8, 1, 1)).await
}

fn with(request: TestRequest, name: &str, password: &str) -> TestRequest {
    let credentials = STANDARD.encode(format!("{name}:{password}"));
    request.header("authorization", &format!("Basic {credentials}"))
}

async fn get(client: &TestClient, name: &str, password: &str) -> TestResponse {
    with(client.get("/"), name, password).await
}

#[tokio::test]
async fn a_name_and_its_password_are_accepted() {
    let client = client(&basic().await);
    for (name, password) in [("Zoë", PASSWORD), ("Zoe\u{308}", PASSWORD)] {
        assert_eq!(get(&client, name, password).await.status(), 200, "{name}");
    }
    let credentials = STANDARD.encode(format!("Zoë:{PASSWORD}"));
    for scheme in ["basic", "BASIC"] {
        let request = client
            .get("/")
            .header("authorization", &format!("{scheme} {credentials}"));
        assert_eq!(request.await.status(), 200, "{scheme}");
    }
}

#[tokio::test]
async fn every_wrong_pair_gets_the_same_401() {
    let client = client(&basic().await);
    let challenge = "Basic realm=\"reports\", charset=\"UTF-8\"";
    let missing = client.get("/").await;
    assert_eq!(missing.status(), 401);
    assert_eq!(missing.headers()["www-authenticate"], challenge);
    let long = "x".repeat(2000);
    let mut responses = Vec::new();
    for (name, password) in [
        ("Zoë", "wrong horse"),
        ("Zoë", ""),
        ("Zoë", "correct"),
        ("zoë", PASSWORD),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("Zoë", long.as_str()),
        (long.as_str(), PASSWORD),
        ("Zoë\0", PASSWORD),
        ("Zoë", "correct: horse £\0"),
    ] {
        responses.push(get(&client, name, password).await);
    }
    let garbage = "é".repeat(30_000);
    for value in [
        "Basic",
        "Basic ?",
        "Basic YTpi YTpi",
        "Basic YQ==",
        "Basic /w==",
        garbage.as_str(),
    ] {
        responses.push(client.get("/").header("authorization", value).await);
    }
    let huge = format!("Basic {}", "YTpi".repeat(20_000));
    responses.push(client.get("/").header("authorization", &huge).await);
    let twice = client.get("/").header("authorization", "Basic YTpi");
    responses.push(twice.header("authorization", "Basic YTpi").await);
    for response in responses {
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()["www-authenticate"], challenge);
        assert_eq!(
            response.json(),
            serde_json::json!({
                "type": "about:blank", "title": "Unauthorized", "status": 401,
                "detail": "The name or the password is wrong."
            })
        );
    }
}

#[tokio::test]
async fn accounts_that_are_away_are_503() {
    let client = client(&basic().await);
    let response = get(&client, "error", PASSWORD).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
}

#[tokio::test]
async fn the_document_names_the_scheme() {
    assert_eq!(basic().await.security(), Security::Basic);
}

#[test]
fn a_realm_that_cannot_be_sent_is_refused_at_the_start() {
    for realm in ["a\"b", "a\\b", "é", "a\nb"] {
        let new = || {
            let (hash, finds) = (String::new(), Arc::default());
            Basic::new(realm, Passwords::new(), OneAccount { hash, finds })
        };
        assert!(std::panic::catch_unwind(new).is_err(), "{realm}");
    }
}

async fn pay<C>(_: Request<C>) -> Result<&'static str> {
    Ok("paid")
}

/// Browsers send the credentials with requests that another site starts.
#[tokio::test]
async fn an_unsafe_request_of_another_site_is_403() {
    let basic = basic().await;
    let client = |basic: &Basic<&'static str>| {
        let view = guarded::<SignedIn<Basic<&'static str>>, _>(pay).state(basic);
        let page = guarded::<SignedIn<Basic<&'static str>>, _>(pay).state(basic);
        TestClient::new(App::new().post("/", view).get("/", page)).unwrap()
    };
    let ours = client(&basic);
    for (site, status) in [
        ("cross-site", 403),
        ("same-site", 403),
        ("same-origin", 200),
        ("none", 200),
    ] {
        let post = with(ours.post("/"), "Zoë", PASSWORD).header("sec-fetch-site", site);
        assert_eq!(post.await.status(), status, "{site}");
        let get = with(ours.get("/"), "Zoë", PASSWORD).header("sec-fetch-site", site);
        assert_eq!(get.await.status(), 200, "{site}");
    }
    assert_eq!(with(ours.post("/"), "Zoë", PASSWORD).await.status(), 200);
    // Without credentials there is no caller whose rights the site could use.
    let post = ours.post("/").header("sec-fetch-site", "cross-site");
    assert_eq!(post.await.status(), 401);

    let trusted = CrossOrigin::trusting(["https://front.example"]).unwrap();
    let theirs = client(&basic.with_cross_origin(trusted));
    let post = with(theirs.post("/"), "Zoë", PASSWORD).header("sec-fetch-site", "cross-site");
    assert_eq!(
        post.header("origin", "https://front.example")
            .await
            .status(),
        200
    );
}

async fn ping<C>(_: Request<C>) -> Result<&'static str> {
    Ok("pong")
}

/// Half of the names exist.
#[tokio::test]
async fn a_hundred_wrong_passwords_at_once_leave_room_for_other_requests() {
    let passwords = Passwords::new().with_cost(4 * 1024, 2, 1).with_limits(1, 3);
    let basic = basic_with(passwords).await;
    let view = guarded::<SignedIn<Basic<&'static str>>, _>(ping).state(&basic);
    let app = App::new().get("/", view).get("/ping", public(ping));
    let client = Arc::new(TestClient::new(app).unwrap());
    let done = Arc::new(AtomicUsize::new(0));
    let requests = (0..100).map(|number| {
        let (client, done) = (Arc::clone(&client), Arc::clone(&done));
        tokio::spawn(async move {
            let name = if number % 2 == 0 { "Zoë" } else { "nobody" };
            let response = get(&client, name, "wrong horse").await;
            done.fetch_add(1, Ordering::Relaxed);
            response
        })
    });
    let requests: Vec<_> = requests.collect();
    assert_eq!(client.get("/ping").await.status(), 200);
    // Four hashes are not done in the time of a request.
    assert!(done.load(Ordering::Relaxed) <= 96);
    let mut counts = [0, 0];
    for request in requests {
        let response = request.await.unwrap();
        match response.status().as_u16() {
            401 => counts[0] += 1,
            429 => {
                assert_eq!(response.headers()["retry-after"], "1");
                counts[1] += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(counts[0] >= 4 && counts[1] > 0, "{counts:?}");
    // The right password is accepted again at once.
    assert_eq!(get(&client, "Zoë", PASSWORD).await.status(), 200);
}

/// Each pair needs a thread that hashes, whether the name exists or not.
#[tokio::test]
async fn a_name_that_does_not_exist_is_hashed_for() {
    let passwords = Passwords::new().with_cost(8, 1, 1).with_limits(1, 0);
    let client = client(&basic_with(passwords.clone()).await);
    for name in ["Zoë", "nobody"] {
        assert_eq!(get(&client, name, "wrong horse").await.status(), 401);
    }
    // The thread works for seconds, also after the future is dropped.
    let slow = passwords.with_cost(64 * 1024, 4, 1);
    let password = Password::new(PASSWORD).unwrap();
    let mut hash = std::pin::pin!(slow.hash(&password));
    let polled = hash.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    for name in ["Zoë", "nobody"] {
        assert_eq!(get(&client, name, "wrong horse").await.status(), 429);
    }
    // Credentials without a name and a password are not hashed.
    let response = client.get("/").header("authorization", "Basic ?").await;
    assert_eq!(response.status(), 401);
}

#[derive(Debug, Deserialize, JsonSchema, Validate)]
struct SignUp {
    #[garde(length(chars, min = 1, max = 100))]
    name: String,
    #[garde(skip)]
    password: Password,
}

/// Signs up, as an application does.
#[endpoint]
async fn sign_up(state: &Passwords, body: SignUp) -> Result<Json<String>> {
    tracing::info!(?body, "signed up");
    assert!(!body.name.is_empty());
    state.hash(&body.password).await.map(Json)
}

#[tokio::test]
async fn a_body_has_a_password() {
    let passwords = Passwords::new().with_cost(8, 1, 1);
    let app = App::new().post("/sign-up", public(sign_up).state(&passwords));
    let client = TestClient::new(app).unwrap();
    let post = |password: serde_json::Value| {
        let body = serde_json::json!({"name": "alice", "password": password});
        client.post("/sign-up").json(&body)
    };
    let response = post(PASSWORD.into()).await;
    assert_eq!(response.status(), 200, "{}", response.text());
    let hash: String = response.parse();
    assert!(
        passwords
            .verify(PASSWORD, Some(&hash))
            .await
            .unwrap()
            .is_some()
    );
    for (wrong, detail) in [
        ("1234567".into(), "must have at least 8 characters"),
        ("x".repeat(257).into(), "must have at most 256 characters"),
        (
            "x".repeat(500_000).into(),
            "must have at most 256 characters",
        ),
        ("12345678\0".into(), "must not contain U+0000"),
        (serde_json::json!(12_345_678), "must be a string"),
        (serde_json::Value::Null, "must be a string"),
    ] {
        let response = post(wrong).await;
        assert_eq!(response.status(), 422);
        let error = &response.json()["errors"][0];
        assert_eq!(error["pointer"], "#/password");
        assert_eq!(error["detail"], detail);
    }
}

#[tokio::test]
async fn no_log_line_has_a_password_or_a_hash() {
    let (log, _guard) = Log::start();
    let passwords = Passwords::new().with_cost(8, 1, 1);
    let basic = basic().await;
    let app = App::new()
        .post("/sign-up", public(sign_up).state(&passwords))
        .get(
            "/",
            guarded::<SignedIn<Basic<&'static str>>, _>(ping).state(&basic),
        );
    let client = TestClient::new(app).unwrap();
    get(&client, "Zoë", PASSWORD).await;
    get(&client, "Zoë", "wrong battery").await;
    get(&client, "error", "staple gun").await;
    for password in ["battery staple", "bat"] {
        let body = serde_json::json!({"name": "alice", "password": password});
        client.post("/sign-up").json(&body).await;
    }
    let account = Account {
        password_hash: "$argon2id$".to_owned(),
        caller: "Zoë",
    };
    tracing::info!(?basic, ?passwords, ?account, "debug output");
    let text = log.text();
    assert!(text.contains("debug output") && text.contains("signed up"));
    for secret in ["horse", "battery", "staple", "bat", "$argon2id$"] {
        assert!(!text.contains(secret), "{secret}: {text}");
        assert!(
            !text.contains(&STANDARD.encode(secret)[..4]),
            "{secret}: {text}"
        );
    }
}
