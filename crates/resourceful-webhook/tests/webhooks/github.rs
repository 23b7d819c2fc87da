//! GitHub's signatures and events.

use hmac::{Hmac, KeyInit, Mac};
use resourceful::{TestClient, TestResponse};
use resourceful_webhook::{GitHub, GitHubEvent, Provider, SecretError, SignatureError};
use serde_json::json;
use sha2::Sha256;
use std::time::SystemTime;

use crate::{endpoint, headers};

/// The secret, body and signature of GitHub's documentation.
const SECRET: &str = "It's a Secret to Everybody";
const BODY: &[u8] = b"Hello, World!";
const SIGNATURE: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

fn github() -> GitHub {
    GitHub::new(SECRET).unwrap()
}

fn verify(github: &GitHub, signature: &str, body: &[u8]) -> Result<(), SignatureError> {
    let headers = headers(&[("x-hub-signature-256", signature)]);
    let signature = github.signature(&headers, SystemTime::now())?;
    github.verify(&signature, body)
}

fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

async fn deliver(client: &TestClient, event: &str, body: &str) -> TestResponse {
    let request = client.post("/").header("x-github-event", event);
    let request = request.header("x-hub-signature-256", &sign(body.as_bytes()));
    request.body(body.to_owned()).await
}

#[test]
fn the_documented_example_is_valid() {
    assert_eq!(
        verify(&github(), &format!("sha256={SIGNATURE}"), BODY),
        Ok(())
    );
    assert_eq!(sign(BODY), format!("sha256={SIGNATURE}"));
}

#[test]
fn a_changed_signature_is_invalid() {
    let good = format!("sha256={SIGNATURE}");
    for (index, byte) in good.bytes().enumerate() {
        let mut other = good.clone().into_bytes();
        other[index] = if byte == b'0' { b'1' } else { b'0' };
        let other = String::from_utf8(other).unwrap();
        assert_eq!(
            verify(&github(), &other, BODY),
            Err(SignatureError::Invalid),
            "{other}"
        );
        // Truncated.
        let result = verify(&github(), &good[..index], BODY);
        assert!(result.is_err(), "{}", &good[..index]);
    }
    for other in [
        SIGNATURE.to_owned(),
        good.to_uppercase(),
        format!("sha256={}", SIGNATURE.to_uppercase()),
        format!("sha1={SIGNATURE}"),
        format!("{good}00"),
        format!("{good}, {good}"),
        "sha256=é".to_owned(),
    ] {
        assert_eq!(
            verify(&github(), &other, BODY),
            Err(SignatureError::Invalid),
            "{other}"
        );
    }
}

#[test]
fn a_body_with_one_changed_bit_is_not_signed() {
    for bit in 0..BODY.len() * 8 {
        let mut body = BODY.to_vec();
        body[bit / 8] ^= 1 << (bit % 8);
        let result = verify(&github(), &format!("sha256={SIGNATURE}"), &body);
        assert_eq!(result, Err(SignatureError::Invalid), "{bit}");
    }
}

#[test]
fn each_secret_is_accepted() {
    let signature = format!("sha256={SIGNATURE}");
    let github = GitHub::new("new").unwrap();
    assert_eq!(
        verify(&github, &signature, BODY),
        Err(SignatureError::Invalid)
    );
    let github = github.with_secret(SECRET).unwrap();
    assert_eq!(verify(&github, &signature, BODY), Ok(()));
    assert_eq!(GitHub::new("").unwrap_err(), SecretError::Empty);
    assert!(!format!("{github:?}").contains("Secret to"));
}

#[tokio::test]
async fn refusals_come_in_order() {
    let (client, recorder) = endpoint(github());
    let signed = || client.post("/").header("x-hub-signature-256", &sign(b"{}"));
    let status_and_detail = |response: &TestResponse| {
        (
            response.status().as_u16(),
            response.json()["detail"].as_str().unwrap().to_owned(),
        )
    };

    for unsigned in [
        client.post("/"),
        client.post("/").header("x-hub-signature-256", ""),
    ] {
        let response = unsigned.body("{").await;
        assert_eq!(
            status_and_detail(&response),
            (400, "Missing signature".to_owned())
        );
    }
    let response = signed().body("{").await;
    assert_eq!(
        status_and_detail(&response),
        (403, "Invalid signature".to_owned())
    );
    let twice = signed().header("x-hub-signature-256", &sign(b"{}"));
    assert_eq!(twice.body("{}").await.status(), 403);
    assert_eq!(deliver(&client, "push", "{").await.status(), 400);
    assert_eq!(deliver(&client, "push", "").await.status(), 400);
    let response = signed().body("{}").await;
    assert_eq!(
        status_and_detail(&response),
        (400, "Missing event name".to_owned())
    );
    assert_eq!(client.get("/").await.headers()["allow"], "POST, OPTIONS");
    assert!(recorder.0.lock().await.is_empty());
}

#[tokio::test]
async fn events_are_typed_and_unknown_ones_accepted() {
    let (client, recorder) = endpoint(github());
    let push = json!({
        "ref": "refs/heads/main",
        "commits": [{"id": "a1", "message": "One"}, {"id": "b2", "other": 1}],
        "repository": {"full_name": "octocat/hello"},
    });
    let pull_request = json!({"action": "opened", "pull_request": {"number": 7, "title": "x"}});
    let issues = json!({"action": "closed", "issue": {"number": 8, "title": "y"}});
    let star = r#"{"action":"created",  "starred_at": 1.50}"#;
    for (event, body) in [
        ("push", push.to_string()),
        ("pull_request", pull_request.to_string()),
        ("issues", issues.to_string()),
        (
            "ping",
            "{\"zen\": \"Keep it logically awesome.\"}".to_owned(),
        ),
        ("star", star.to_owned()),
        ("push", "{}".to_owned()),
    ] {
        let response = deliver(&client, event, &body).await;
        assert_eq!(response.status(), 200, "{event}: {}", response.text());
        assert_eq!(response.json(), json!({"status": "processed"}));
    }
    let kept = recorder.0.lock().await;
    let [
        GitHubEvent::Push(push),
        GitHubEvent::PullRequest(pull_request),
        GitHubEvent::Issues(issues),
        GitHubEvent::Ping,
        GitHubEvent::Unknown { name, payload },
        GitHubEvent::Push(empty),
    ] = &kept[..]
    else {
        panic!("{kept:?}");
    };
    assert_eq!(push.reference.as_deref(), Some("refs/heads/main"));
    assert_eq!(push.commits[1].id, "b2");
    let repository = push.repository.as_ref().unwrap();
    assert_eq!(repository.full_name.as_deref(), Some("octocat/hello"));
    assert_eq!(pull_request.pull_request.as_ref().unwrap().number, Some(7));
    assert_eq!(issues.issue.as_ref().unwrap().title.as_deref(), Some("y"));
    assert_eq!((name.as_str(), payload.get()), ("star", star));
    assert!(empty.commits.is_empty());
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let (client, recorder) = endpoint(github());
    for (body, pointer) in [
        (json!([]), "#"),
        (json!("push"), "#"),
        (json!({"commits": {}}), "#/commits"),
        (json!({"commits": null}), "#/commits"),
        (json!({"commits": [1]}), "#/commits/0"),
        (json!({"commits": [["a"]]}), "#/commits/0"),
        (json!({"commits": [{"id": "a"}, {}]}), "#/commits/1/id"),
        (json!({"commits": [{"id": 7}]}), "#/commits/0/id"),
        (json!({"repository": "x"}), "#/repository"),
        (json!({"repository": null}), "#/repository"),
        (json!({"pull_request": []}), "#/pull_request"),
        (json!({"issue": 7}), "#/issue"),
    ] {
        let response = deliver(&client, "push", &body.to_string()).await;
        assert_eq!(response.status(), 422, "{body}");
        assert_eq!(response.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    assert!(recorder.0.lock().await.is_empty());
    // Of unknown events only the common members are checked.
    for (body, status) in [
        ("[1]", 422),
        (r#"{"issue": 7}"#, 422),
        (r#"{"issue": []}"#, 422),
        (r#"{"issue": {"number": "any"}}"#, 200),
        (r#"{"issue": null, "commits": 5}"#, 200),
        (r#"{"repository": {"full_name": "a\u0000b"}}"#, 200),
    ] {
        assert_eq!(
            deliver(&client, "brand_new", body).await.status(),
            status,
            "{body}"
        );
    }
    let push = r#"{"commits": [{"id": "a", "message": "x\u0000y"}]}"#;
    assert_eq!(deliver(&client, "push", push).await.status(), 200);
}

#[tokio::test]
async fn a_delivery_over_the_limit_is_refused() {
    let (client, _) = endpoint(github());
    let body = |length: usize| format!("{{\"zen\": \"{}\"}}", "x".repeat(length));
    assert_eq!(
        deliver(&client, "ping", &body(3_000_000)).await.status(),
        200
    );
    assert_eq!(
        deliver(&client, "ping", &body(25 * 1024 * 1024))
            .await
            .status(),
        413
    );
}

/// Sends a form, as GitHub does for a webhook with `application/x-www-form-urlencoded`.
async fn deliver_form(client: &TestClient, event: &str, body: &str) -> TestResponse {
    let request = client.post("/").header("x-github-event", event);
    let request = request.header("x-hub-signature-256", &sign(body.as_bytes()));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.body(body.to_owned()).await
}

#[tokio::test]
async fn the_signature_covers_the_raw_form() {
    let (client, recorder) = endpoint(github());
    let push = "payload=%7B%22ref%22%3A+%22refs%2Fheads%2Fa%2Bb%22%2C%22commits%22%3A\
                %5B%7B%22id%22%3A%22%C3%A9%26%3D%22%7D%5D%7D";
    for event in ["push", "star"] {
        let response = deliver_form(&client, event, push).await;
        assert_eq!(response.status(), 200, "{}", response.text());
    }
    {
        let kept = recorder.0.lock().await;
        let [
            GitHubEvent::Push(push),
            GitHubEvent::Unknown { payload, .. },
        ] = &kept[..]
        else {
            panic!("{kept:?}");
        };
        assert_eq!(push.reference.as_deref(), Some("refs/heads/a+b"));
        assert_eq!(push.commits[0].id, "é&=");
        let json = r#"{"ref": "refs/heads/a+b","commits":[{"id":"é&="}]}"#;
        assert_eq!(payload.get(), json);
    }
    // The signature covers the form, not the JSON in it.
    let request = client.post("/").header("x-github-event", "push");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.header("x-hub-signature-256", &sign(b"{}"));
    assert_eq!(request.body("payload=%7B%7D").await.status(), 403);

    for (body, status) in [
        ("payload={}", 200),
        // The default content type of curl.
        ("{}", 200),
        ("payload=%7B%22commits%22%3A7%7D", 422),
        ("payload=", 400),
        ("payload", 400),
        ("", 400),
        ("payload=%7B", 400),
        ("other=%7B%7D", 400),
        ("payload=%7B%7D&payload=%7B%7D", 400),
        ("payload=%7B%7D&x=1", 400),
        ("x=1&payload=%7B%7D", 400),
        ("payload=%FF", 400),
    ] {
        let response = deliver_form(&client, "push", body).await;
        assert_eq!(response.status(), status, "{body}");
    }
    // A form with the content type of JSON is not parsed as a form.
    assert_eq!(deliver(&client, "push", "payload={}").await.status(), 400);
    let request = client.post("/").header("x-github-event", "push");
    let request = request.header("x-hub-signature-256", &sign(b"payload={}"));
    let request = request.header(
        "content-type",
        "Application/X-WWW-Form-URLencoded ; charset=utf-8",
    );
    assert_eq!(request.body("payload={}").await.status(), 200);
}
