use http::Method;
use resourceful::prelude::*;

use crate::fixture::client;

#[tokio::test]
async fn json_is_accepted_in_any_spelling() {
    for content_type in [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=UTF-8",
        "application/json;charset=\"utf-8\"",
    ] {
        let request = client().post("/posts").header("content-type", content_type);
        assert_eq!(
            request.body("{\"title\": \"a\"}").await.status(),
            201,
            "{content_type}"
        );
    }
}

#[tokio::test]
async fn other_types_are_415_with_what_is_taken() {
    let cases = [
        (Method::POST, "/posts", "accept-post", "application/json"),
        (Method::PUT, "/posts/1", "accept", "application/json"),
        (
            Method::PATCH,
            "/posts/1",
            "accept-patch",
            "application/json, application/merge-patch+json",
        ),
    ];
    for (method, path, header, taken) in cases {
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/json; charset=latin1"),
            Some("garbage"),
        ] {
            let mut request = client()
                .request(method.clone(), path)
                .body("{\"title\": \"a\"}");
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            let response = request.await;
            assert_eq!(response.status(), 415, "{method} {content_type:?}");
            assert_eq!(response.headers()[header], taken);
        }
    }
}

#[tokio::test]
async fn merge_patch_is_accepted_by_patch() {
    let request = client()
        .patch("/posts/1")
        .header("content-type", "application/merge-patch+json");
    assert_eq!(
        request.body("{\"title\": \"b\"}").await.json()["title"],
        "b"
    );
}

#[tokio::test]
async fn encoded_bodies_are_415() {
    let request = client()
        .post("/posts")
        .json(&1)
        .header("content-encoding", "gzip");
    let response = request.await;
    assert_eq!(response.status(), 415);
    assert_eq!(response.headers()["accept-encoding"], "identity");
}

#[tokio::test]
async fn no_body_and_no_type_is_an_empty_body() {
    let response = client().post("/posts").await;
    assert_eq!(response.status(), 400);
    assert!(response.text().contains("empty"));
}

/// RFC 9110 section 12.5.3: `identity` changes nothing.
#[tokio::test]
async fn identity_is_no_encoding() {
    for (coding, status) in [
        ("identity", 201),
        ("Identity", 201),
        ("gzip", 415),
        ("identity, gzip", 415),
    ] {
        let request = client().post("/posts").header("content-encoding", coding);
        let response = request.json(&serde_json::json!({"title": "a"})).await;
        assert_eq!(response.status(), status, "{coding}");
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[schemars(extend("x-media-types" = ["application/vnd.api+json", "application/geo+json"]))]
#[allow(dead_code)]
struct Shape {
    r#type: String,
}

async fn draw(mut request: Request) -> Result<()> {
    request.json::<Shape>().await.map(drop)
}

#[tokio::test]
async fn an_input_can_list_more_media_types() {
    let described = || public(draw).described(Description::new().body::<Shape>());
    let document = App::new().post("/", described()).openapi().unwrap();
    let body = &document.as_value()["paths"]["/"]["post"]["requestBody"]["content"];
    assert!(body["application/geo+json"].is_object(), "{body}");
    let client = TestClient::new(App::new().post("/", described())).unwrap();
    for (media_type, status) in [
        ("application/json", 204),
        ("application/vnd.api+json", 204),
        ("Application/Geo+JSON; profile=\"a;charset=x\"", 204),
        ("application/other+json", 415),
        ("application/geo+json; charset=latin1", 415),
    ] {
        let request = client.post("/").header("content-type", media_type);
        let response = request.body(r#"{"type": "a"}"#).await;
        assert_eq!(response.status(), status, "{media_type}");
        if status == 415 {
            let taken = "application/json, application/vnd.api+json, application/geo+json";
            assert_eq!(response.headers()["accept-post"], taken);
        }
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_an_error_of_its_own() {
    let request = client()
        .post("/posts")
        .header("content-type", "application/json");
    let response = request.body("\u{feff}{\"title\": \"a\"}").await;
    assert_eq!(response.status(), 400);
    assert!(
        response.text().contains("byte-order mark"),
        "{}",
        response.text()
    );
}

/// An empty body is `None`.
#[tokio::test]
async fn an_optional_body_may_be_empty() {
    async fn note(mut request: Request) -> Result<String> {
        let shape: Option<Shape> = request.json().await?;
        Ok(format!("{}", shape.is_some()))
    }
    let client = TestClient::new(App::new().post("/", public(note))).unwrap();
    assert_eq!(client.post("/").await.text(), "false");
    let json = |body: &'static str| {
        let request = client.post("/").header("content-type", "application/json");
        request.body(body)
    };
    assert_eq!(json("").await.text(), "false");
    let geo = client
        .post("/")
        .header("content-type", "application/geo+json");
    assert_eq!(geo.body(r#"{"type": "a"}"#).await.text(), "true");
    assert_eq!(json("null").await.text(), "false");
    assert_eq!(json(r#"{"type": "a"}"#).await.text(), "true");
    assert_eq!(json(" ").await.status(), 400);
    assert_eq!(json("{}").await.status(), 422);
}
