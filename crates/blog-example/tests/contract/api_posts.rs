//! `/api/posts/`: list, create, update, destroy.

use std::collections::HashSet;
use std::future::IntoFuture;

use sea_orm::DbBackend;
use serde_json::{Value, json};

use crate::blog::{Blog, ids, wrong_fields};

crate::on_both_databases! {
    published_posts_are_listed,
    a_post_is_created_with_a_slug,
    a_taken_slug_gets_the_first_free_number,
    simultaneous_creations_of_one_title_all_succeed,
    every_invalid_field_is_named,
    a_post_is_changed_in_part,
    an_unknown_post_is_not_changed,
    a_post_is_deleted_with_its_comments,
    a_draft_is_published,
    other_methods_get_405,
    ids_continue_after_the_largest,
    a_new_post_has_no_author_and_the_current_time,
}

async fn published_posts_are_listed(blog: Blog) {
    blog.add_post(1, "Draft", false, 0).await;
    blog.add_post(2, "Title", true, 0).await;
    let list = blog.client.get("/api/posts/").await.json();
    assert_eq!(
        list,
        json!({"posts": [{"id": 2, "title": "Title", "slug": "slug-2"}]})
    );
}

async fn a_post_is_created_with_a_slug(blog: Blog) {
    let post =
        json!({"title": "Crème Brûlée", "content": "x", "id": 99, "views": 7, "slug": "mine"});
    let created = blog.client.post("/api/posts/").json(&post).await;
    assert_eq!(created.status(), 201);
    let id = created.json()["id"].as_i64().unwrap();
    assert_eq!(
        created.json(),
        json!({"id": id, "title": "Crème Brûlée", "slug": "creme-brulee"})
    );
    assert_eq!(created.headers()["location"], format!("/api/posts/{id}/"));
    assert_eq!(
        ids(&blog.client.get("/api/posts/").await.json()),
        [0_i64; 0]
    ); // a draft by default
}

async fn a_taken_slug_gets_the_first_free_number(blog: Blog) {
    let slug = async |title| {
        blog.create(title).await.json()["slug"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(slug("Hello").await, "hello");
    assert_eq!(slug("Hello 3").await, "hello-3");
    assert_eq!(slug("Hello!").await, "hello-2");
    assert_eq!(slug("hello").await, "hello-4");
    assert_eq!(slug("foo_bar").await, "foo_bar");
    assert_eq!(slug("foo-bar").await, "foo-bar");
    assert_eq!(slug("foo_bar").await, "foo_bar-2");
    let long = "x".repeat(200);
    assert_eq!(slug(&long).await, long);
    assert_eq!(slug(&long).await, format!("{long}-2"));
    assert_eq!(slug("新").await, "post");
    assert_eq!(slug("記").await, "post-2");
}

async fn simultaneous_creations_of_one_title_all_succeed(blog: Blog) {
    let requests = (0..50).map(|_| {
        tokio::spawn({
            let post = json!({"title": "Same", "content": ""});
            blog.client.post("/api/posts/").json(&post).into_future()
        })
    });
    let mut slugs = HashSet::new();
    for request in requests.collect::<Vec<_>>() {
        let response = request.await.unwrap();
        assert_eq!(response.status(), 201, "{}", response.text());
        slugs.insert(response.json()["slug"].as_str().unwrap().to_owned());
    }
    let numbered = (2..=50).map(|number| format!("same-{number}"));
    assert_eq!(slugs, numbered.chain(["same".to_owned()]).collect());
}

async fn every_invalid_field_is_named(blog: Blog) {
    let cases: &[(Value, &[&str])] = &[
        (json!({}), &["content", "title"]),
        (
            json!({"title": null, "content": null, "published": null}),
            &["content", "published", "title"],
        ),
        (
            json!({"title": 1, "content": [], "published": "true"}),
            &["content", "published", "title"],
        ),
        (json!({"title": " \t", "content": ""}), &["title"]),
        (json!({"title": "\u{1c}\u{1f}", "content": ""}), &["title"]),
        (json!({"title": "x".repeat(201), "content": ""}), &["title"]),
        (
            json!({"title": "", "published": 1}),
            &["content", "published", "title"],
        ),
        (
            json!({"title": "a\u{0}", "content": "b\u{0}"}),
            &["content", "title"],
        ),
        (
            json!({"title": "é".repeat(201), "content": 5}),
            &["content", "title"],
        ),
    ];
    for (body, wrong) in cases {
        let response = blog.client.post("/api/posts/").json(body).await;
        assert_eq!(wrong_fields(&response), *wrong, "{body}");
    }
    for body in [
        json!([]),
        json!("x"),
        json!(null),
        json!([{"title": "a", "content": ""}]),
    ] {
        assert_eq!(
            blog.client.post("/api/posts/").json(&body).await.status(),
            422,
            "{body}"
        );
    }
    assert_eq!(blog.create(&"é".repeat(200)).await.status(), 201);
    assert_eq!(ids(&blog.client.get("/api/posts/").await.json()).len(), 1);
}

async fn a_post_is_changed_in_part(blog: Blog) {
    blog.add_post(1, "Draft", false, 0).await;
    let put = async |body: Value| {
        let response = blog.client.put("/api/posts/1/").json(&body).await;
        assert_eq!(response.status(), 200, "{}", response.text());
        response.json()
    };
    let renamed = json!({"id": 1, "title": "New", "slug": "slug-1"});
    assert_eq!(put(json!({"title": "New"})).await, renamed);
    assert_eq!(put(json!({})).await, renamed);
    assert_eq!(
        put(json!({"published": true, "id": 5, "slug": "x"})).await,
        renamed
    );
    let post = blog.client.get("/posts/1/").await.json();
    assert_eq!(
        (&post["title"], &post["content"]),
        (&json!("New"), &json!("content 1"))
    );

    let wrong = json!({"title": "", "content": null, "published": "x"});
    let response = blog.client.put("/api/posts/1/").json(&wrong).await;
    assert_eq!(wrong_fields(&response), ["content", "published", "title"]);
    assert_eq!(blog.client.get("/posts/1/").await.json()["title"], "New");
}

async fn an_unknown_post_is_not_changed(blog: Blog) {
    for body in [json!({}), json!({"title": "x"})] {
        let response = blog.client.put("/api/posts/404/").json(&body).await;
        assert_eq!(response.status(), 404, "{}", response.text());
        assert!(response.json()["error"].is_string());
    }
    assert_eq!(
        blog.client
            .put("/api/posts/x/")
            .json(&json!({}))
            .await
            .status(),
        404
    );
    assert_eq!(blog.client.delete("/api/posts/404/").await.status(), 404);
}

async fn a_post_is_deleted_with_its_comments(blog: Blog) {
    blog.add_post(1, "Title", true, 0).await;
    blog.sql("INSERT INTO blog_comment (post_id, content) VALUES (1, 'one')")
        .await;
    let response = blog.client.delete("/api/posts/1/").await;
    assert_eq!(response.status(), 204);
    assert!(response.bytes().is_empty());
    assert_eq!(blog.client.delete("/api/posts/1/").await.status(), 404);
    blog.add_post(1, "Title", true, 0).await;
    assert_eq!(
        blog.client.get("/posts/1/").await.json()["comments_count"],
        0
    );
}

async fn a_draft_is_published(blog: Blog) {
    blog.add_post(1, "Draft", false, 0).await;
    for _ in 0..2 {
        let published = blog.client.post("/api/posts/1/publish/").await;
        assert_eq!(published.status(), 200);
        assert_eq!(
            published.json(),
            json!({"id": 1, "title": "Draft", "slug": "slug-1"})
        );
    }
    assert_eq!(ids(&blog.client.get("/api/posts/").await.json()), [1]);
    let missing = blog.client.post("/api/posts/2/publish/").await;
    assert_eq!(
        (missing.status().as_u16(), &missing.json()["error"]),
        (404, &json!("Post not found"))
    );
    let other = blog.client.get("/api/posts/1/publish/").await;
    assert_eq!(other.headers()["allow"], "POST, OPTIONS");
}

async fn other_methods_get_405(blog: Blog) {
    let response = blog.client.get("/api/posts/1/").await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "PUT, DELETE, OPTIONS");
    let response = blog.client.delete("/api/posts/").await;
    assert_eq!(response.headers()["allow"], "GET, HEAD, POST, OPTIONS");
    assert_eq!(
        blog.client.get("/api/posts").await.headers()["location"],
        "/api/posts/"
    );
}

async fn ids_continue_after_the_largest(blog: Blog) {
    blog.add_post(41, "Title", true, 0).await;
    if blog.database.backend() == DbBackend::Postgres {
        // A program that inserts ids must also move the sequence.
        blog.sql("SELECT setval(pg_get_serial_sequence('blog_post', 'id'), 41)")
            .await;
    }
    assert_eq!(blog.create("Next").await.json()["id"], 42);
}

async fn a_new_post_has_no_author_and_the_current_time(blog: Blog) {
    let before = chrono::Utc::now();
    let created = blog.create("Now").await.json();
    let post = blog
        .client
        .get(&format!("/posts/{}/", created["id"]))
        .await
        .json();
    assert_eq!(post["author"], Value::Null);
    let list = blog.client.get("/posts/").await.json();
    let created_at: chrono::DateTime<chrono::Utc> = list["posts"][0]["created_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((created_at - before).abs() < chrono::TimeDelta::seconds(5));
}
