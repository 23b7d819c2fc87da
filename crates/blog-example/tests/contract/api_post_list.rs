//! `/api/post-list/`.

use serde_json::json;

use crate::blog::{Blog, ids, wrong_fields};

crate::on_both_databases! {
    pages_of_published_posts,
    all_invalid_parameters_are_named,
}

async fn pages_of_published_posts(blog: Blog) {
    for id in 1..=12 {
        blog.add_post(id, "Title", id != 12, 0).await;
    }
    let first = blog.client.get("/api/post-list/").await.json();
    assert_eq!(ids(&first), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    assert_eq!(
        first["pagination"],
        json!({"page": 1, "limit": 10, "total": 11, "has_next": true})
    );
    let item = json!({"id": 11, "title": "Title", "slug": "slug-11", "created_at": "2024-01-15T12:00:56.789012Z"});
    assert_eq!(first["posts"][0], item);

    let second = blog
        .client
        .get("/api/post-list/?page=2&limit=10&x=y")
        .await
        .json();
    assert_eq!(ids(&second), [1]);
    assert_eq!(second["pagination"]["has_next"], false);

    let past = blog
        .client
        .get("/api/post-list/?page=92233720368547758&limit=100")
        .await
        .json();
    assert_eq!(ids(&past), [0_i64; 0]);
    assert_eq!(past["pagination"]["has_next"], false);
}

async fn all_invalid_parameters_are_named(blog: Blog) {
    for (query, wrong) in [
        ("page=0&limit=0", vec!["limit", "page"]),
        ("page=x", vec!["page"]),
        ("limit=101", vec!["limit"]),
        ("page=1.0&limit=-5", vec!["limit", "page"]),
        ("page=%2B1", vec!["page"]),
        ("page=99999999999999999999", vec!["page"]),
    ] {
        let response = blog.client.get(&format!("/api/post-list/?{query}")).await;
        assert_eq!(wrong_fields(&response), wrong, "{query}");
    }
    let response = blog.client.post("/api/post-list/").await;
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "GET, HEAD, OPTIONS");
}
