use crate::fixture::client;

#[tokio::test]
async fn six_hooks_are_six_operations() {
    let client = client();
    let created = client
        .post("/posts")
        .json(&serde_json::json!({"title": "New"}))
        .await;
    assert_eq!(created.status(), 201);
    assert_eq!(created.text(), r#"{"id":26,"title":"New"}"#);
    assert_eq!(created.headers()["content-type"], "application/json");
    assert_eq!(created.headers()["location"], "/posts/26");

    assert_eq!(client.get("/posts/26").await.json()["title"], "New");

    let updated = client
        .put("/posts/26")
        .json(&serde_json::json!({"title": "Newer"}))
        .await;
    assert_eq!(updated.status(), 200);
    let kept = client.patch("/posts/26").json(&serde_json::json!({})).await;
    assert_eq!(kept.json()["title"], "Newer");

    let destroyed = client.delete("/posts/26").await;
    assert_eq!(destroyed.status(), 204);
    assert!(destroyed.bytes().is_empty());
    assert_eq!(client.delete("/posts/26").await.status(), 404);
    assert_eq!(
        client.get("/posts/26").await.json()["detail"],
        "Post not found"
    );
}

#[tokio::test]
async fn the_location_of_an_item_has_the_collections_spelling() {
    use crate::fixture::Posts;
    use resourceful::prelude::*;

    let app = App::new()
        .resource("/api/posts/", Posts::default())
        .mounted_at("/v1");
    let client = TestClient::new(app).unwrap();
    let created = client
        .post("/api/posts/")
        .json(&serde_json::json!({"title": "New"}))
        .await;
    assert_eq!(created.headers()["location"], "/v1/api/posts/1/");
}
