//! `/api/posts/{post_id}/comments/`: everybody reads, users write, and authors change their own.

use http::Method;
use resourceful::TestRequest;
use serde_json::{Value, json};

use crate::blog::{Blog, wrong_fields};

crate::on_both_databases! {
    everybody_reads_what_a_user_has_written,
    nobody_writes_without_signing_in,
    only_its_author_changes_a_comment,
    comments_are_those_of_a_published_post,
    a_comment_is_not_blank,
}

const COMMENTS: &str = "/api/posts/1/comments/";

fn send(blog: &Blog, cookie: &str, method: Method, path: &str, content: &str) -> TestRequest {
    let request = blog.client.request(method, path).header("cookie", cookie);
    request.json(&json!({"content": content}))
}

/// Creates a comment on post 1. Returns its path.
async fn comment(blog: &Blog, cookie: &str, content: &str) -> String {
    let response = send(blog, cookie, Method::POST, COMMENTS, content).await;
    assert_eq!(response.status(), 201, "{}", response.text());
    let location = &response.headers()["location"];
    location.to_str().unwrap().to_owned()
}

async fn contents(blog: &Blog) -> Vec<Value> {
    let list = blog.client.get(COMMENTS).await.json();
    let comments = list["comments"].as_array().unwrap().iter();
    comments.map(|comment| comment["content"].clone()).collect()
}

async fn everybody_reads_what_a_user_has_written(blog: Blog) {
    blog.add_post(1, "Title", true, 0).await;
    blog.sql(
        "INSERT INTO blog_comment (post_id, content, created_at) \
         VALUES (1, 'Unsigned', '2024-01-15T12:00:00+00:00')",
    )
    .await;
    let ada = blog.author("ada").await;
    let path = comment(&blog, &ada, "Well said.").await;
    let read = blog.client.get(&path).await.json();
    assert_eq!(
        (&read["author"], &read["content"]),
        (&json!("ada"), &json!("Well said."))
    );

    let list = blog.client.get(COMMENTS).await.json();
    assert_eq!(
        (&list["pagination"]["total"], &list["comments"][1]),
        (&json!(2), &read)
    );
    assert_eq!(list["comments"][0]["author"], Value::Null);
    let second = blog
        .client
        .get("/api/posts/1/comments/?limit=1&page=2")
        .await;
    assert_eq!(second.json()["comments"], json!([read]));
    let post = blog.client.get("/posts/1/").await.json();
    assert_eq!(post["comments_count"], 2);

    let path = path.strip_prefix(COMMENTS).unwrap();
    let changed = send(
        &blog,
        &ada,
        Method::PUT,
        &format!("{COMMENTS}{path}"),
        "Well put.",
    )
    .await;
    assert_eq!(changed.json()["author"], "ada");
    assert_eq!(changed.json()["created_at"], read["created_at"]);
    assert_eq!(contents(&blog).await, ["Unsigned", "Well put."]);
}

async fn nobody_writes_without_signing_in(blog: Blog) {
    blog.add_post(1, "Title", true, 0).await;
    let ada = blog.author("ada").await;
    let path = comment(&blog, &ada, "Mine").await;
    for (method, path) in [
        (Method::POST, COMMENTS),
        (Method::PUT, &path),
        (Method::DELETE, &path),
    ] {
        for cookie in ["", "__Host-session=guess"] {
            let response = send(&blog, cookie, method.clone(), path, "Changed").await;
            assert_eq!(response.status(), 401, "{method} {path}");
        }
    }
    // A wrong cookie is refused even where none is needed.
    let read = blog
        .client
        .get(COMMENTS)
        .header("cookie", "__Host-session=guess");
    assert_eq!(read.await.status(), 401);
    assert_eq!(contents(&blog).await, ["Mine"]);
}

async fn only_its_author_changes_a_comment(blog: Blog) {
    blog.add_post(1, "Title", true, 0).await;
    let ada = blog.author("ada").await;
    let bob = blog.author("bob").await;
    let path = comment(&blog, &ada, "Mine").await;
    for method in [Method::PUT, Method::DELETE] {
        let response = send(&blog, &bob, method, &path, "Changed").await;
        assert_eq!(response.status(), 403, "{}", response.text());
    }
    assert_eq!(contents(&blog).await, ["Mine"]);
    for expected in [204, 404] {
        let response = send(&blog, &ada, Method::DELETE, &path, "").await;
        assert_eq!(response.status(), expected);
    }
}

async fn comments_are_those_of_a_published_post(blog: Blog) {
    blog.add_post(1, "Title", true, 0).await;
    blog.add_post(2, "Draft", false, 0).await;
    blog.add_post(3, "Other", true, 0).await;
    let ada = blog.author("ada").await;
    let path = comment(&blog, &ada, "Mine").await;
    let id = path.strip_prefix(COMMENTS).unwrap();
    for post in ["2", "4", "x"] {
        let path = format!("/api/posts/{post}/comments/");
        assert_eq!(blog.client.get(&path).await.status(), 404, "{path}");
        let response = send(&blog, &ada, Method::POST, &path, "Hidden").await;
        assert_eq!(response.status(), 404, "{path}");
    }
    let elsewhere = format!("/api/posts/3/comments/{id}");
    assert_eq!(blog.client.get(&elsewhere).await.status(), 404);
    for method in [Method::PUT, Method::DELETE] {
        let response = send(&blog, &ada, method, &elsewhere, "Changed").await;
        assert_eq!(response.status(), 404);
    }
    // A post that is hidden hides its comments.
    let hidden = blog.boolean(false);
    blog.sql(&format!("UPDATE blog_post SET published = {hidden}"))
        .await;
    assert_eq!(blog.client.get(&path).await.status(), 404);
    let response = send(&blog, &ada, Method::PUT, &path, "Changed").await;
    assert_eq!(response.status(), 404);
}

async fn a_comment_is_not_blank(blog: Blog) {
    blog.add_post(1, "Title", true, 0).await;
    let ada = blog.author("ada").await;
    let long = "x".repeat(10_001);
    for content in ["", " ", &long] {
        let response = send(&blog, &ada, Method::POST, COMMENTS, content).await;
        assert_eq!(wrong_fields(&response), ["content"]);
    }
}
