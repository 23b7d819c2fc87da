use http::Method;
use resourceful::prelude::*;

use crate::fixture::{client, hello};

#[tokio::test]
async fn a_method_without_a_hook_is_405_with_exactly_what_is_served() {
    let cases = [
        (Method::PUT, "/posts", "GET, HEAD, POST, OPTIONS"),
        (Method::DELETE, "/posts", "GET, HEAD, POST, OPTIONS"),
        (
            Method::POST,
            "/posts/1",
            "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
        ),
        (
            Method::TRACE,
            "/posts/1",
            "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
        ),
        (
            Method::from_bytes(b"PURGE").unwrap(),
            "/posts",
            "GET, HEAD, POST, OPTIONS",
        ),
    ];
    for (method, path, allow) in cases {
        let response = client().request(method.clone(), path).await;
        assert_eq!(response.status(), 405, "{method} {path}");
        assert_eq!(response.headers()["allow"], allow, "{method} {path}");
        assert_eq!(response.json()["title"], "Method Not Allowed");
    }
}

#[tokio::test]
async fn options_answers_allow_without_a_body() {
    let response = client().request(Method::OPTIONS, "/posts/1").await;
    assert_eq!(response.status(), 204);
    assert_eq!(
        response.headers()["allow"],
        "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"
    );
    assert!(response.bytes().is_empty());
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    for path in ["/posts", "/posts/1", "/posts/99", "/nothing"] {
        let get = client().get(path).await;
        let head = client().request(Method::HEAD, path).await;
        assert_eq!(head.status(), get.status(), "{path}");
        assert_eq!(
            head.headers()["content-type"],
            get.headers()["content-type"]
        );
        assert_eq!(
            head.headers()["content-length"],
            get.bytes().len().to_string()
        );
        assert!(head.bytes().is_empty());
    }
}

/// A length of zero may not be said of 204 (RFC 9110 section 8.6).
#[tokio::test]
async fn head_says_no_length_of_nothing() {
    let nothing = |_: Request| async { Ok::<_, Error>(()) };
    let client = TestClient::new(App::new().get("/", public(nothing))).unwrap();
    let response = client.request(Method::HEAD, "/").await;
    assert_eq!(response.status(), 204);
    assert!(!response.headers().contains_key("content-length"));
}

#[tokio::test]
async fn options_of_the_server_as_a_whole_are_answered() {
    assert_eq!(client().request(Method::OPTIONS, "*").await.status(), 204);
}

#[tokio::test]
async fn head_is_405_where_get_is() {
    let client = TestClient::new(App::new().post("/jobs", public(hello))).unwrap();
    let response = client.request(Method::HEAD, "/jobs").await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "POST, OPTIONS");
}

#[tokio::test]
async fn function_views_of_several_methods_share_a_path() {
    let app = App::new()
        .get("/endpoint", public(hello))
        .post("/endpoint", public(hello))
        .patch("/endpoint", public(hello));
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/endpoint").await.status(), 200);
    assert_eq!(client.post("/endpoint").await.status(), 200);
    let refused = client.delete("/endpoint").await;
    assert_eq!(
        refused.headers()["allow"],
        "GET, HEAD, POST, PATCH, OPTIONS"
    );
}

#[tokio::test]
async fn a_resource_and_a_view_may_share_a_path_by_method() {
    struct Notes;

    #[resource]
    impl AsyncResource for Notes {
        type Access = Public;

        async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<i64>> {
            Ok(Page::all(vec![1]))
        }
    }

    let app = App::new()
        .resource("/notes", Notes)
        .post("/notes", public(hello));
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/notes").await.text(), r#"{"notes":[1]}"#);
    assert_eq!(client.post("/notes").await.text(), "hello");
}
