//! Random broken input, the same in each run: every request gets a response, and none is 500.

use resourceful::prelude::*;

use super::{Random, post_json};
use crate::fixture::{Posts, client};

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
#[allow(dead_code)]
struct Nested {
    id: i64,
    #[serde(default)]
    name: Option<String>,
    #[garde(dive)]
    children: Vec<Nested>,
    kind: Option<Kind>,
}

#[derive(Deserialize, JsonSchema)]
#[allow(dead_code)]
enum Kind {
    Plain,
    Sized(u8),
    Named { name: String },
}

#[tokio::test]
async fn random_bytes_as_a_body() {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "\\ud800",
        "\\u0000",
        "id",
        "\"id\":",
        "\"children\":",
        "\"name\":",
        "\"kind\":",
        "1",
        "-",
        "1e999",
        "null",
        "true",
        " ",
        "\n",
        "é",
        "\u{0}",
        "{\"Sized\":1}",
        "{\"Named\":{}}",
        "\"Plain\"",
        "[]",
        "{}",
        "\"x\"",
        "\"id\":1,\"children\":[",
        "]}",
    ];
    let mut random = Random(1);
    for _ in 0..5_000 {
        let body = random.string(&pieces, 24);
        let status = post_json::<Nested>(&body).await.status().as_u16();
        assert!([204, 400, 422].contains(&status), "{status} for {body:?}");
    }
}

#[tokio::test]
async fn well_formed_bodies_with_random_content() {
    let values = [
        "1",
        "\"x\"",
        "null",
        "[]",
        "{}",
        "true",
        "1.5",
        "[{\"id\":2}]",
        "[[1]]",
        "\"\\u0000\"",
        "-1",
        "[{\"id\":1,\"children\":[]}]",
        "\"Plain\"",
        "{\"Sized\":300}",
        "{\"Named\":{\"name\":0}}",
        "9e18",
        "[{\"id\":\"\",\"children\":[{\"id\":[],\"children\":{}}],\"kind\":{\"Sized\":null}}]",
    ];
    let mut random = Random(2);
    for _ in 0..5_000 {
        let members = ["id", "name", "children", "kind", "other"];
        let members = members.map(|name| format!("\"{name}\":{}", random.pick(&values)));
        let body = format!("{{{}}}", members[random.below(3)..].join(","));
        let response = post_json::<Nested>(&body).await;
        let status = response.status().as_u16();
        assert!([204, 422].contains(&status), "{status} for {body}");
        if status == 422 {
            assert!(!super::wrong(&response).is_empty(), "{body}");
        }
    }
}

#[tokio::test]
async fn random_paths_and_queries() {
    let pieces = [
        "/",
        "posts",
        "1",
        ".",
        "..",
        "%2e",
        "%2F",
        "%",
        "%zz",
        "%00",
        "%C3%A9",
        "%ff",
        "?",
        "&",
        "=",
        "page",
        "limit",
        "page=",
        "limit=",
        "+",
        "99999999999999999999",
        "-1",
        ";",
        "~",
        "%37",
        "//",
    ];
    let client = client();
    let mut random = Random(3);
    for _ in 0..20_000 {
        let path = format!("/{}", random.string(&pieces, 10));
        if path
            .parse::<http::Uri>()
            .is_ok_and(|uri| uri.path().starts_with('/'))
        {
            let status = client.get(&path).await.status().as_u16();
            assert!(
                [200, 308, 400, 404, 422].contains(&status),
                "{status} for {path}"
            );
        }
    }
}

/// A placeholder must not count as input: invalid input creates no item.
#[tokio::test]
async fn an_invalid_body_creates_no_item() {
    let client = TestClient::new(App::new().resource("/posts", Posts::default())).unwrap();
    for body in [
        "{}",
        "[]",
        "{\"title\": 5}",
        "{\"title\": \"\"}",
        "{\"title\": \"a\\u0000\"}",
    ] {
        let request = client
            .post("/posts")
            .header("content-type", "application/json");
        assert_eq!(request.body(body).await.status(), 422, "{body}");
    }
    assert_eq!(client.get("/posts").await.json()["pagination"]["total"], 0);
}
