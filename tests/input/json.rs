use super::post_json;
use crate::fixture::NewPost;

/// Invalid JSON, and the position that the error must have.
#[tokio::test]
async fn what_is_not_json_is_400_and_says_where() {
    let cases: &[(&str, &str)] = &[
        ("", "empty"),
        ("  ", "empty"),
        ("{", "line 1, column 2"),
        ("{\"title\": \"a\"", "line 1, column 14"),
        ("{\"title\": \"a\",}", "line 1, column 15"),
        ("{\"title\": NaN}", "line 1, column 11"),
        ("{\"title\": -Infinity}", "line 1, column 12"),
        ("{'title': 1}", "line 1, column 2"),
        ("{\"title\": \"a\"} x", "line 1, column 16"),
        ("{\n  \"title\": \"a\"\n  \"b\": 1}", "line 3, column 3"),
        ("// comment\n{}", "line 1, column 1"),
        ("\u{feff}{\"title\": \"a\"}", "line 1, column 1"),
        ("{\"title\": \"a\\ud800\"}", "surrogate"),
        ("{\"title\": \"a\", \"other\": \"\\udc00\"}", "surrogate"),
        ("{\"title\": \"a\", \"other\": 1e999}", "too large"),
        (
            "{\"title\": \"a\", \"other\": [1, 2,]}",
            "line 1, column 31",
        ),
        ("{\"title\": \"tab\there\"}", "control"),
        ("{\"title\": \"a\", \"n\": 01}", "line 1"),
    ];
    for (body, place) in cases {
        let response = post_json::<NewPost>(body).await;
        assert_eq!(response.status(), 400, "{body}");
        let detail = response.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(place), "{body:?}: {detail}");
    }
}

#[tokio::test]
async fn depth_is_limited_in_ignored_members_too() {
    let nested = |depth: usize| {
        format!(
            "{{\"title\": \"a\", \"other\": {}{}}}",
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    assert_eq!(post_json::<NewPost>(&nested(63)).await.status(), 204);
    assert_eq!(post_json::<NewPost>(&nested(64)).await.status(), 400);
    assert_eq!(post_json::<NewPost>(&nested(100_000)).await.status(), 400);
}

#[tokio::test]
async fn what_is_json_but_no_object_is_422() {
    for body in ["[]", "[\"a title\"]", "1", "\"x\"", "null", "true"] {
        let response = post_json::<NewPost>(body).await;
        assert_eq!(
            super::wrong(&response),
            [("#".to_owned(), "must be an object".to_owned())],
            "{body}"
        );
    }
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    let body = "{\"title\": \"a\", \"id\": 7, \"x\": {\"y\": [null, \"\\u0000\"]}}";
    assert_eq!(post_json::<NewPost>(body).await.status(), 204);
}

#[tokio::test]
async fn a_duplicate_member_is_an_error() {
    let response = post_json::<NewPost>("{\"title\": \"a\", \"title\": \"b\"}").await;
    assert_eq!(super::places(&response), ["#/title"]);
}
