//! Requests that the upstream receives, and their responses.

use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, HeaderValue};
use resourceful::prelude::*;
use resourceful_client::Client;
use resourceful_test_parts::{Behaviour, Upstream};
use serde_json::value::RawValue;

use crate::{builder, client};

#[derive(Debug, Deserialize, PartialEq)]
struct User {
    name: String,
}

#[tokio::test]
async fn a_form_is_encoded() {
    let upstream = Upstream::start();
    upstream.json("/introspect", "{}");
    let fields = [("token", "a b&c=d+é%"), ("hint", ""), ("token", "\r\n")];
    let call = client(&upstream).post("/introspect").form(fields);
    call.send().await.unwrap();
    let head = &upstream.requests()[0];
    assert!(head.contains("content-type: application/x-www-form-urlencoded\r\n"));
    assert!(
        !head.contains("content-type: application/json\r\n"),
        "{head}"
    );
    let expected = "token=a+b%26c%3Dd%2B%C3%A9%25&hint=&token=%0D%0A";
    assert_eq!(upstream.bodies(), [expected]);
}

#[tokio::test]
async fn every_method_sends_its_path_query_headers_and_body() {
    let upstream = Upstream::start();
    let base = format!("{}/v1/", upstream.url());
    let token = HeaderValue::from_static("Bearer secret");
    let client = Client::builder(&base)
        .header(AUTHORIZATION, token)
        .build()
        .unwrap();
    upstream.json(
        "/v1/users/a%2F..%2Fb?tag=x%26y&tag=2",
        r#"{"name": "Ada", "age": 36}"#,
    );
    for call in [client.get("/users/{id}"), client.delete("/users/{id}")] {
        let call = call
            .param("id", "a/../b")
            .query("tag", "x&y")
            .query("tag", 2);
        let user: User = call.header(ACCEPT_LANGUAGE, "de").fetch().await.unwrap();
        assert_eq!(user.name, "Ada");
    }
    upstream.json("/v1/users", "7");
    for call in [
        client.post("/users"),
        client.put("/users"),
        client.patch("/users"),
    ] {
        let id: i64 = call
            .json(&serde_json::json!({"name": "Ada"}))
            .fetch()
            .await
            .unwrap();
        assert_eq!(id, 7);
    }
    let requests = upstream.requests();
    let methods: Vec<_> = requests
        .iter()
        .map(|head| head.split(' ').next().unwrap())
        .collect();
    assert_eq!(methods, ["GET", "DELETE", "POST", "PUT", "PATCH"]);
    for (index, head) in requests.iter().enumerate() {
        assert!(head.contains("authorization: Bearer secret\r\n"), "{head}");
        assert!(head.contains("accept: application/json\r\n"), "{head}");
        assert!(head.contains("user-agent: resourceful-client/"), "{head}");
        assert_eq!(
            head.contains("content-type: application/json\r\n"),
            index >= 2,
            "{head}"
        );
        assert_eq!(
            head.contains("content-length: 14\r\n"),
            index >= 2,
            "{head}"
        );
    }
}

#[tokio::test]
async fn the_user_agent_can_be_set() {
    let upstream = Upstream::start();
    upstream.json("/", "1");
    let client = builder(&upstream).user_agent("blog/1.0").build().unwrap();
    client.get("/").send().await.unwrap();
    let head = &upstream.requests()[0];
    assert_eq!(head.matches("user-agent: ").count(), 1);
    assert!(head.contains("user-agent: blog/1.0\r\n"), "{head}");
    assert!(builder(&upstream).user_agent("a\nb").build().is_err());
}

#[tokio::test]
async fn the_accept_header_can_be_set() {
    let upstream = Upstream::start();
    upstream.json("/", "1");
    let github = http::HeaderValue::from_static("application/vnd.github+json");
    let client = builder(&upstream)
        .header(http::header::ACCEPT, github)
        .build()
        .unwrap();
    client.get("/").send().await.unwrap();
    assert!(upstream.requests()[0].contains("accept: application/vnd.github+json\r\n"));
}

#[tokio::test]
async fn a_response_has_status_headers_and_body() {
    let upstream = Upstream::start();
    let odd = r#"{"b":1.0,  "a": 123456789012345678901234567890}"#;
    upstream.on(
        "/",
        Behaviour::Respond("201 Created", "X-Kind: odd\r\n".into(), odd.into()),
    );
    let response = client(&upstream).get("/").send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["x-kind"], "odd");
    assert_eq!(response.bytes(), odd);
    assert_eq!(response.json::<Box<RawValue>>().unwrap().get(), odd);
}

#[tokio::test]
async fn a_call_on_behalf_of_a_request_carries_its_id_and_ends_by_its_deadline() {
    #[endpoint]
    async fn view(client: &Client, request: &Request, path: String) -> Result<String> {
        let client = client.on_behalf_of(request);
        Ok(client.get("/{path}").param("path", path).fetch().await?)
    }
    let upstream = Upstream::start();
    upstream.json("/name", r#""Ada""#);
    upstream.on("/slow", Behaviour::Hang);
    let unhurried = Client::builder(upstream.url()).timeout(std::time::Duration::from_secs(60));
    let client = unhurried.build().unwrap();
    let app = App::new()
        .timeout(std::time::Duration::from_millis(200))
        .get("/{path}", public(view).state(&client));
    let blog = TestClient::new(app).unwrap();
    let response = blog.get("/name").header("x-request-id", "abc-1").await;
    assert_eq!(response.text(), "Ada");
    assert!(upstream.requests()[0].contains("x-request-id: abc-1\r\n"));

    assert_eq!(blog.get("/slow").await.status(), 504);
}

#[tokio::test]
async fn an_id_that_cannot_be_a_segment_is_not_sent() {
    let upstream = Upstream::start();
    for id in ["", ".", ".."] {
        let error = client(&upstream)
            .get("/users/{id}")
            .param("id", id)
            .send()
            .await
            .unwrap_err();
        assert_eq!(Error::from(error).status(), 404, "{id}");
    }
    let error = client(&upstream)
        .get("/")
        .header(ACCEPT_LANGUAGE, "a\nb")
        .send()
        .await;
    assert_eq!(Error::from(error.unwrap_err()).status(), 500);
    assert!(upstream.requests().is_empty());
}

#[test]
fn a_base_must_be_an_absolute_http_url() {
    for base in [
        "",
        "/v1",
        "example.com",
        "ftp://example.com",
        "http://a/?b",
        "http://a/#b",
    ] {
        assert!(Client::new(base).is_err(), "{base}");
    }
}

#[test]
fn debug_output_omits_credentials() {
    let token = HeaderValue::from_static("Bearer hunter2");
    let builder = Client::builder("http://user:hunter2@localhost").header(AUTHORIZATION, token);
    assert!(!format!("{builder:?}").contains("hunter2"));
    let client = builder.build().unwrap();
    assert!(!format!("{client:?}").contains("hunter2"));
    assert!(!format!("{:?}", client.get("/")).contains("hunter2"));
    let error = Client::new("ftp://user:hunter2@localhost").unwrap_err();
    assert!(!error.to_string().contains("hunter2"));
}
