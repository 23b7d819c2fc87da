use http::Method;

use crate::fixture::client;

#[tokio::test]
async fn json_is_taken_in_any_spelling() {
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
async fn merge_patch_is_json_to_patch() {
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
