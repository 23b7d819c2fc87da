use resourceful::TrailingSlash;
use resourceful::prelude::*;

use crate::fixture::{app, client, hello};

#[tokio::test]
async fn the_other_spelling_is_redirected_with_308() {
    let response = client().get("/posts/?page=2&x=%C3%A9&&").await;
    assert_eq!(response.status(), 308);
    assert_eq!(response.headers()["location"], "/posts?page=2&x=%C3%A9&&");
    assert_eq!(
        client().delete("/posts/1/").await.headers()["location"],
        "/posts/1"
    );
}

/// A query may have characters that no URI has; a `Location` may not.
#[tokio::test]
async fn what_is_no_character_of_a_uri_is_encoded_in_the_redirect() {
    let response = client().get(r"/posts/?x={a|b}^\`%C3%A9").await;
    assert_eq!(response.status(), 308);
    assert_eq!(
        response.headers()["location"],
        "/posts?x=%7Ba%7Cb%7D%5E%5C%60%C3%A9"
    );
}

#[tokio::test]
async fn what_is_registered_with_a_slash_is_served_with_it() {
    let app = App::new()
        .get("/hello/", public(hello))
        .get("/", public(hello));
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/hello/").await.status(), 200);
    assert_eq!(client.get("/").await.status(), 200);
    assert_eq!(client.get("/hello").await.headers()["location"], "/hello/");
    assert_eq!(client.post("/hello").await.status(), 308);
}

#[tokio::test]
async fn strict_knows_one_spelling_and_ignore_both() {
    let strict = TestClient::new(app().trailing_slash(TrailingSlash::Strict)).unwrap();
    assert_eq!(strict.get("/posts/1").await.status(), 200);
    assert_eq!(strict.get("/posts/1/").await.status(), 404);
    let ignore = TestClient::new(app().trailing_slash(TrailingSlash::Ignore)).unwrap();
    assert_eq!(ignore.get("/posts/1").await.status(), 200);
    assert_eq!(ignore.get("/posts/1/").await.status(), 200);
}

#[tokio::test]
async fn both_spellings_can_be_registered() {
    let other = |_: Request| async { Ok::<_, Error>("with slash") };
    let app = App::new()
        .get("/hello", public(hello))
        .get("/hello/", public(other));
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/hello").await.text(), "hello");
    assert_eq!(client.get("/hello/").await.text(), "with slash");
}

/// A path that begins with two slashes would send the client to another host.
#[tokio::test]
async fn a_redirect_never_leaves_the_host() {
    let app = App::new()
        .get("/{a}/{b}/", public(hello))
        .get("/{a}/", public(hello));
    let client = TestClient::new(app).unwrap();
    for (path, status) in [
        ("//evil.example", 404),
        ("//evil.example/x", 404),
        ("///evil.example", 404),
        (r"/\evil.example", 400),
        (r"/\evil.example/x", 400),
        (r"/\/evil.example", 400),
        (r"//\evil.example", 400),
    ] {
        let response = client.get(path).await;
        assert_eq!(response.status(), status, "{path}");
        assert!(!response.headers().contains_key("location"), "{path}");
    }
    let encoded = client.get("/%5cevil.example").await;
    assert_eq!(encoded.headers()["location"], "/%5cevil.example/");
}

#[tokio::test]
async fn redirects_lead_back_through_a_prefix() {
    let client = TestClient::new(app().root_path("/api/")).unwrap();
    assert_eq!(
        client.get("/posts/").await.headers()["location"],
        "/api/posts"
    );
}
