use resourceful::prelude::*;

use crate::fixture::{client, hello};

#[tokio::test]
async fn unknown_paths_are_not_found() {
    for path in [
        "/",
        "/nothing",
        "/posts/1/comments",
        "/post",
        "/postss",
        "/posts//1",
    ] {
        let response = client().get(path).await;
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
    }
}

#[tokio::test]
async fn an_id_that_cannot_be_one_is_not_found() {
    for id in [
        "x",
        "1.0",
        "+1",
        "01",
        "-0",
        "99999999999999999999",
        "%20",
        "1%00",
        "0x1",
        "١",
    ] {
        let id = percent(id);
        let response = client().get(&format!("/posts/{id}")).await;
        let status = response.status().as_u16();
        assert!(
            status == 404 || (id.contains("%00") && status == 400),
            "{id}: {status}"
        );
    }
}

/// Non-ASCII characters encoded as a client would.
fn percent(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}

#[tokio::test]
async fn unreserved_characters_may_be_encoded() {
    let client = TestClient::new(App::new().get("/async-hello", public(hello))).unwrap();
    assert_eq!(client.get("/async%2Dhello").await.status(), 200);
    assert_eq!(client.get("/%61sync-hell%6f").await.status(), 200);
}

#[tokio::test]
async fn an_encoded_slash_is_no_separator() {
    async fn name(request: Request) -> Result<String> {
        request.param("name")
    }
    let client = TestClient::new(App::new().get("/files/{name}", public(name))).unwrap();
    assert_eq!(client.get("/files/a%2fb%20%C3%A9").await.text(), "a/b é");
    assert_eq!(client.get("/files/a/b").await.status(), 404);
}

#[tokio::test]
async fn ambiguous_paths_are_refused() {
    for path in [
        "/posts/../posts/1",
        "/posts/%2e%2e/1",
        "/posts/%00",
        "/posts/%ff",
        "/posts/%zz",
        "/./posts",
    ] {
        assert_eq!(client().get(path).await.status(), 400, "{path}");
    }
}

#[tokio::test]
async fn a_static_segment_wins_over_a_parameter() {
    let app = App::new()
        .get(
            "/posts/{id}",
            public(|request: Request| async move { request.param::<String>("id") }),
        )
        .get("/posts/recent", public(hello));
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/posts/recent").await.text(), "hello");
    assert_eq!(client.get("/posts/other").await.text(), "other");
}

#[tokio::test]
async fn nested_resources_have_the_parents_parameters() {
    struct Comments;

    #[resource]
    impl AsyncResource for Comments {
        type Access = Public;

        async fn retrieve(&self, request: &Request, id: i64) -> Result<String> {
            let post: i64 = request.param("post_id")?;
            Ok(format!("{id} of {post}"))
        }
    }

    let app = App::new().resource("/posts/{post_id}/comments", Comments);
    let client = TestClient::new(app).unwrap();
    assert_eq!(client.get("/posts/7/comments/3").await.json(), "3 of 7");
    assert_eq!(client.get("/posts/x/comments/3").await.status(), 404);
}

#[tokio::test]
async fn a_uri_has_a_length() {
    let path = format!("/posts/1?x={}", "x".repeat(8 * 1024 - "/posts/1x=".len()));
    assert_eq!(client().get(&path).await.status(), 200);
    let longer = format!("{path}x");
    let response = client().get(&longer).await;
    assert_eq!(response.status(), 414);
    assert_eq!(response.json()["status"], 414);
}
