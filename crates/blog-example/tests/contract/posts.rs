//! `/posts/` and `/posts/{id}/`.

use serde_json::json;

use crate::blog::{Blog, ids};

crate::on_both_databases! {
    published_posts_are_listed_newest_first,
    a_post_has_its_author_and_counts_its_comments,
    an_unpublished_post_is_not_found,
    rows_changed_from_outside_are_seen_at_once,
}

async fn published_posts_are_listed_newest_first(blog: Blog) {
    for (id, published, minute) in [
        (1, true, 5),
        (2, false, 6),
        (3, true, 7),
        (4, true, 7),
        (5, true, 1),
    ] {
        blog.add_post(id, "Title", published, minute).await;
    }
    let list = blog.client.get("/posts/").await.json();
    assert_eq!(ids(&list), [4, 3, 1, 5]);
    let expected = json!({"id": 4, "title": "Title", "created_at": "2024-01-15T12:07:56.789012Z"});
    assert_eq!(list["posts"][0], expected);
}

async fn a_post_has_its_author_and_counts_its_comments(blog: Blog) {
    blog.sql(
        "INSERT INTO blog_user (id, username, email, first_name, last_name) VALUES (1, 'ada', '', '', '')",
    )
    .await;
    blog.add_post(7, "Title", true, 0).await;
    let anonymous = json!({"id": 7, "title": "Title", "content": "content 7", "author": null, "comments_count": 0});
    assert_eq!(blog.client.get("/posts/7/").await.json(), anonymous);

    blog.sql("UPDATE blog_post SET author_id = 1").await;
    blog.sql("INSERT INTO blog_comment (post_id, content) VALUES (7, 'one'), (7, 'two')")
        .await;
    let post = blog.client.get("/posts/7/").await.json();
    assert_eq!(
        (&post["author"], &post["comments_count"]),
        (&json!("ada"), &json!(2))
    );
}

async fn an_unpublished_post_is_not_found(blog: Blog) {
    blog.add_post(1, "Draft", false, 0).await;
    for id in ["1", "2", "9223372036854775807"] {
        let response = blog.client.get(&format!("/posts/{id}/")).await;
        assert_eq!(response.status(), 404);
        assert_eq!(response.json()["error"], "Post not found");
    }
    for id in ["x", "1.5", "9223372036854775808", "%31x"] {
        let response = blog.client.get(&format!("/posts/{id}/")).await;
        assert_eq!(response.status(), 404);
        assert!(response.json()["error"].is_string());
    }
}

async fn rows_changed_from_outside_are_seen_at_once(blog: Blog) {
    blog.add_post(1, "Before", true, 0).await;
    assert_eq!(blog.client.get("/posts/1/").await.json()["title"], "Before");
    blog.sql("UPDATE blog_post SET title = 'After'").await;
    assert_eq!(blog.client.get("/posts/1/").await.json()["title"], "After");
    blog.sql("DELETE FROM blog_post").await;
    assert_eq!(
        blog.client.get("/posts/").await.json(),
        json!({"posts": []})
    );
}
