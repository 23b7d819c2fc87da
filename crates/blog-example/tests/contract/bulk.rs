//! `POST /posts/bulk/`.

use resourceful::{Error, TestResponse, gather};
use serde_json::{Value, json};

use crate::blog::{Blog, wrong_fields};

crate::on_both_databases! {
    valid_posts_are_created_in_order,
    an_invalid_post_does_not_affect_the_others,
    a_body_without_posts_is_rejected,
    concurrent_bulks_do_not_deadlock,
}

async fn bulk(blog: &Blog, body: &Value) -> TestResponse {
    blog.client.post("/posts/bulk/").json(body).await
}

fn post(title: &str) -> Value {
    json!({"title": title, "content": "", "published": true})
}

async fn valid_posts_are_created_in_order(blog: Blog) {
    let response = bulk(&blog, &json!({"posts": [post("A"), post("B"), post("A")]})).await;
    let expected = json!({
        "successful_posts": [
            {"id": 1, "title": "A", "slug": "a"},
            {"id": 2, "title": "B", "slug": "b"},
            {"id": 3, "title": "A", "slug": "a-2"},
        ],
        "failed_posts": [],
        "total_created": 3,
    });
    assert_eq!(
        (response.status().as_u16(), response.json()),
        (200, expected)
    );
    let list = blog.client.get("/api/posts/").await.json();
    assert_eq!(list["posts"].as_array().unwrap().len(), 3);
}

async fn an_invalid_post_does_not_affect_the_others(blog: Blog) {
    let posts = r#"{"posts": [
        {"title": " ", "published": 1},
        {"title": "Good", "content": ""},
        [1, "x"],
        null,
        {"title": "N\u0000L", "content": "", "n": 123456789012345678901234567890}
    ]}"#;
    let request = blog
        .client
        .post("/posts/bulk/")
        .header("content-type", "application/json");
    let response = request.body(posts).await;
    let body = response.json();
    assert_eq!(
        body["successful_posts"],
        json!([{"id": 1, "title": "Good", "slug": "good"}])
    );
    assert_eq!(body["total_created"], 1);
    let errors: Vec<_> = body["failed_posts"].as_array().unwrap().iter().collect();
    let text = |index: usize| errors[index]["error"].as_str().unwrap();
    for name in ["title: ", "content: ", "published: "] {
        assert!(text(0).contains(name), "{}", text(0));
    }
    assert_eq!(
        (text(1), text(2)),
        ("must be an object", "must be an object")
    );
    assert!(text(3).starts_with("title: "));
    let indices: Vec<_> = errors
        .iter()
        .map(|error| error["index"].as_u64().unwrap())
        .collect();
    assert_eq!(indices, [0, 2, 3, 4]);
    assert_eq!(errors[1]["data"], json!([1, "x"]));
    // Byte for byte as sent.
    assert!(
        response
            .text()
            .contains(r#""n": 123456789012345678901234567890}"#)
    );
}

async fn a_body_without_posts_is_rejected(blog: Blog) {
    for body in [json!({}), json!({"posts": null}), json!({"posts": []})] {
        let response = bulk(&blog, &body).await;
        assert_eq!(response.status(), 400, "{body}");
        assert_eq!(response.json()["error"], "No posts data provided");
    }
    for posts in [json!({}), json!("x"), json!(7), json!(true)] {
        let response = bulk(&blog, &json!({"posts": posts})).await;
        assert_eq!(wrong_fields(&response), ["posts"], "{posts}");
    }
    let many = vec![post("A"); 1001];
    assert_eq!(
        wrong_fields(&bulk(&blog, &json!({"posts": many})).await),
        ["posts"]
    );
    assert_eq!(
        blog.client.get("/posts/bulk/").await.headers()["allow"],
        "POST, OPTIONS"
    );
    let list = blog.client.get("/api/posts/").await.json();
    assert_eq!(list, json!({"posts": []}));
}

/// The bulks contain the same titles in opposite orders, so without a queue each would wait for the other.
async fn concurrent_bulks_do_not_deadlock(blog: Blog) {
    let titles: Vec<_> = (0..20)
        .map(|number| post(&format!("Title {number}")))
        .collect();
    let forwards = json!({"posts": titles});
    let backwards = json!({"posts": titles.iter().rev().collect::<Vec<_>>()});
    let send = async |number: usize| {
        let body = if number.is_multiple_of(2) {
            &forwards
        } else {
            &backwards
        };
        Ok::<_, Error>(bulk(&blog, body).await.json()["total_created"].clone())
    };
    for created in gather(10, (0..10).map(send)).await {
        assert_eq!(created.unwrap(), 20);
    }
}
