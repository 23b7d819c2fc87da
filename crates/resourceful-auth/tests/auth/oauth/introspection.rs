//! Tokens that are accepted and refused, and the requests to the issuer.

use resourceful::prelude::*;
use resourceful::{Any, ErrorStatus, SignedIn};
use resourceful_auth::Introspection;
use resourceful_test_parts::Upstream;
use serde_json::{Value, json};

use super::{Token, active, active_with, answer, introspection, now};
use crate::bearer::{INVALID, client, logged, send};

#[tokio::test]
async fn the_issuer_is_asked_with_our_credentials() {
    let upstream = Upstream::start();
    upstream.json("/introspect?tenant=a%26b", active().to_string());
    let address = format!("{}/introspect?tenant=a%26b", upstream.url());
    let tokens = Introspection::<Token>::new(&address, "posts:api", "s3cret %é").unwrap();
    assert_eq!(
        tokens
            .verify("2YotnFZFEjr1zCsicMWpAA~+/-._==")
            .await
            .unwrap()
            .sub,
        "alice"
    );
    let head = upstream.requests().remove(0);
    assert!(
        head.starts_with("POST /introspect?tenant=a%26b HTTP/1.1\r\n"),
        "{head}"
    );
    // base64 of `posts%3Aapi:s3cret+%25%C3%A9` (RFC 6749 section 2.3.1).
    let authorization = "authorization: Basic cG9zdHMlM0FhcGk6czNjcmV0KyUyNSVDMyVBOQ==\r\n";
    assert!(head.contains(authorization), "{head}");
    assert!(head.contains("accept: application/json\r\n"), "{head}");
    let expected = "token=2YotnFZFEjr1zCsicMWpAA%7E%2B%2F-._%3D%3D&token_type_hint=access_token";
    assert_eq!(upstream.bodies(), [expected]);
    let text = format!("{tokens:?}");
    assert!(
        !text.contains("s3cret") && !text.contains("cG9zdHM"),
        "{text}"
    );
}

#[tokio::test]
async fn every_response_has_its_status() {
    let refused = |name: &'static str, response: Value| (name, response, 401);
    let away = |name: &'static str, response: Value| (name, response, 503);
    for (name, response, status) in [
        ("active", active(), 200),
        ("without exp", json!({"active": true, "sub": "alice"}), 200),
        (
            "null where it is optional",
            json!({"active": true, "sub": "alice", "exp": null, "nbf": null, "scope": null, "token_type": null}),
            200,
        ),
        (
            "token_type in lower case",
            active_with("token_type", json!("bearer")),
            200,
        ),
        (
            "token_type of another kind of server",
            active_with("token_type", json!("access_token")),
            200,
        ),
        ("nbf in the past", active_with("nbf", json!(now() - 1)), 200),
        refused("not active", json!({"active": false})),
        refused(
            "not active, with claims",
            active_with("active", json!(false)),
        ),
        refused("expired", active_with("exp", json!(now() - 1))),
        refused("expires now", active_with("exp", json!(now()))),
        refused("expired, negative", active_with("exp", json!(-1))),
        refused("not valid yet", active_with("nbf", json!(now() + 60))),
        refused("a DPoP token", active_with("token_type", json!("DPoP"))),
        refused(
            "a refresh token",
            active_with("token_type", json!("refresh_token")),
        ),
        refused(
            "without a claim of the application",
            json!({"active": true}),
        ),
        refused("with a claim of another type", active_with("sub", json!(7))),
        away("active is missing", json!({"sub": "alice"})),
        away("active as text", active_with("active", json!("true"))),
        away("active as a number", active_with("active", json!(1))),
        away("active null", active_with("active", Value::Null)),
        away("exp as text", active_with("exp", json!("9999999999"))),
        away("nbf as text", active_with("nbf", json!("0"))),
        away("aud as a number", active_with("aud", json!(1))),
        away(
            "iss in a list",
            active_with("iss", json!(["https://issuer.example.com"])),
        ),
        away("scope in a list", active_with("scope", json!(["a"]))),
        away(
            "token_type as a number",
            active_with("token_type", json!(1)),
        ),
        away("a list", json!([true])),
        away("true", json!(true)),
        away("null", Value::Null),
    ] {
        let upstream = Upstream::start();
        answer(&upstream, &response);
        let (got, challenge) = send(&client(&introspection(&upstream)), "t0ken").await;
        assert_eq!(got, status, "{name}");
        assert_eq!(
            challenge.as_deref(),
            (status == 401).then_some(INVALID),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_member_that_stands_twice_is_a_wrong_response() {
    for text in [
        r#"{"active": false, "active": true, "sub": "alice"}"#,
        r#"{"active": true, "exp": 1, "exp": 9999999999, "sub": "alice"}"#,
    ] {
        let upstream = Upstream::start();
        upstream.json("/introspect", text);
        assert_eq!(
            send(&client(&introspection(&upstream)), "t0ken").await.0,
            503,
            "{text}"
        );
    }
}

/// Neither the token nor the data of its user.
#[tokio::test]
async fn the_log_has_no_claims() {
    for (response, status) in [
        (active_with("sub", json!({"secret": 1})), 401),
        (active_with("exp", json!("secret")), 503),
        (active_with("iss", json!("secret")), 401),
        (json!("secret"), 503),
        (json!({"active": "secret"}), 503),
    ] {
        let upstream = Upstream::start();
        answer(&upstream, &response);
        let tokens = introspection(&upstream).issuer("https://issuer.example.com");
        let error = tokens.verify("secret").await.unwrap_err();
        assert_eq!(error.status(), status, "{response}");
        let logged = logged(&error);
        assert!(
            logged.contains(": ") && !logged.contains("secret"),
            "{logged}"
        );
    }
}

#[tokio::test]
async fn issuer_and_audience_are_checked_where_they_are_set() {
    let (issuer, audience) = ("https://issuer.example.com", "https://api.example.com");
    let with = |iss: Value, aud: Value| {
        let mut response = active_with("iss", iss);
        response["aud"] = aud;
        response
    };
    for (response, status) in [
        (with(json!(issuer), json!(audience)), 200),
        (with(json!(issuer), json!(["x", audience])), 200),
        (with(json!(issuer), json!("x")), 401),
        (with(json!(issuer), json!([])), 401),
        (with(json!(issuer), Value::Null), 401),
        (
            with(json!("https://issuer.example.com/"), json!(audience)),
            401,
        ),
        (with(json!(""), json!(audience)), 401),
        (with(Value::Null, json!(audience)), 401),
        (active(), 401),
    ] {
        let upstream = Upstream::start();
        answer(&upstream, &response);
        let tokens = introspection(&upstream).issuer(issuer).audience(audience);
        assert_eq!(
            send(&client(&tokens), "t0ken").await.0,
            status,
            "{response}"
        );
        assert_eq!(
            send(&client(&introspection(&upstream)), "t0ken").await.0,
            200,
            "{response}"
        );
    }
}

#[tokio::test]
async fn a_missing_scope_is_403() {
    for (scope, status) in [
        (json!("posts:read posts:write"), 200),
        (json!("posts:write"), 200),
        (json!("posts:read"), 403),
        (json!("posts:write2 xposts:write"), 403),
        (json!("POSTS:WRITE"), 403),
        (json!(""), 403),
        (Value::Null, 403),
    ] {
        let upstream = Upstream::start();
        answer(&upstream, &active_with("scope", scope.clone()));
        let client = client(&introspection(&upstream).scope("posts:write"));
        let (got, challenge) = send(&client, "t0ken").await;
        assert_eq!(got, status, "{scope}");
        let expected = "Bearer error=\"insufficient_scope\", scope=\"posts:write\"";
        assert_eq!(
            challenge.as_deref(),
            (status == 403).then_some(expected),
            "{scope}"
        );
    }
}

/// The issuer is not asked about what cannot be a token.
#[tokio::test]
async fn wrong_forms_are_refused_here() {
    let upstream = Upstream::start();
    answer(&upstream, &active());
    let tokens = introspection(&upstream).max_token_size(100);
    for token in [
        "",
        "=",
        "a b",
        "a,b",
        "a=b",
        "\"a\"",
        "a\0",
        "é",
        &"a".repeat(101),
    ] {
        assert_eq!(
            tokens.verify(token).await.unwrap_err().status(),
            401,
            "{token:?}"
        );
    }
    assert!(upstream.requests().is_empty());
    assert!(tokens.verify(&"a".repeat(100)).await.is_ok());
}

#[tokio::test]
async fn a_caller_is_made_of_the_response() {
    let upstream = Upstream::start();
    let tokens = introspection(&upstream).with_callers(|token: Token| async move {
        match token.sub.as_str() {
            "deleted" => Ok(None),
            "broken" => Err(Error::new(ErrorStatus::new(500))),
            name => Ok(Some(name.len())),
        }
    });
    for (sub, expected) in [
        ("alice", Ok(5)),
        ("deleted", Err(401)),
        ("broken", Err(500)),
    ] {
        answer(&upstream, &active_with("sub", json!(sub)));
        let found = tokens.verify(sub).await;
        assert_eq!(found.map_err(|error| error.status().as_u16()), expected);
    }
}

/// Two issuers: the second one is asked about what the first one does not know.
#[tokio::test]
async fn another_issuer_may_know_the_token() {
    #[derive(Clone, Debug, Deserialize)]
    struct Employee {
        sub: String,
    }

    impl From<Employee> for Token {
        fn from(employee: Employee) -> Self {
            Self { sub: employee.sub }
        }
    }

    #[derive(AsRef, Clone)]
    struct Issuers {
        #[as_ref]
        customers: Introspection<Token>,
        #[as_ref]
        employees: Introspection<Employee>,
    }

    #[endpoint]
    async fn name(request: &Request<Token>) -> Result<String> {
        Ok(request.caller().sub.clone())
    }

    type Both = SignedIn<Any<(Introspection<Token>, Introspection<Employee>)>>;
    let (first, second) = (Upstream::start(), Upstream::start());
    let address = format!("{}/introspect", second.url());
    let issuers = Issuers {
        customers: introspection(&first),
        employees: Introspection::new(&address, "posts-api", "s3cret").unwrap(),
    };
    let client = TestClient::new(App::new().get("/", guarded::<Both, _>(name).state(&issuers)));
    let client = client.unwrap();
    for (token, of_first, of_second, status) in [
        ("customer", active(), json!({"active": false}), 200),
        ("employee", json!({"active": false}), active(), 200),
        (
            "nobody",
            json!({"active": false}),
            json!({"active": false}),
            401,
        ),
        ("expired", active_with("exp", json!(1)), active(), 401),
    ] {
        answer(&first, &of_first);
        answer(&second, &of_second);
        assert_eq!(send(&client, token).await.0, status, "{token}");
    }
}

#[tokio::test]
async fn challenges_name_the_metadata() {
    let upstream = Upstream::start();
    answer(&upstream, &json!({"active": false}));
    let metadata = "https://api.example.com/.well-known/oauth-protected-resource";
    let tokens = introspection(&upstream)
        .resource_metadata(metadata)
        .unwrap();
    let client = client(&tokens);
    let missing = client.get("/").await;
    assert_eq!(missing.status(), 401);
    let expected = format!("Bearer resource_metadata=\"{metadata}\"");
    assert_eq!(missing.headers()["www-authenticate"], expected);
    let expected = format!("Bearer error=\"invalid_token\", resource_metadata=\"{metadata}\"");
    assert_eq!(send(&client, "t0ken").await, (401, Some(expected)));
}

#[test]
fn what_cannot_work_is_a_mistake() {
    for address in [
        "http://issuer.example.com/introspect",
        "introspect",
        "https://a:b@issuer.example.com/",
    ] {
        assert!(
            Introspection::<Token>::new(address, "a", "b").is_err(),
            "{address}"
        );
    }
}
