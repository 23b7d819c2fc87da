use resourceful::prelude::*;

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
        .root_path("/v1");
    let client = TestClient::new(app).unwrap();
    let created = client
        .post("/api/posts/")
        .json(&serde_json::json!({"title": "New"}))
        .await;
    assert_eq!(created.headers()["location"], "/v1/api/posts/1/");
}

/// No encoding makes a segment of `..`: the item is there, and no path leads to it.
#[tokio::test]
async fn an_id_that_is_no_segment_is_no_location() {
    #[derive(Serialize, JsonSchema)]
    struct Slug {
        slug: String,
    }

    #[derive(Deserialize, JsonSchema, Validate)]
    #[garde(allow_unvalidated)]
    struct NewSlug {
        slug: String,
    }

    struct Slugs;

    #[resource]
    impl AsyncResource for Slugs {
        type Access = Public;

        async fn create(&self, _: &Request, new: NewSlug) -> Result<Slug> {
            Ok(Slug { slug: new.slug })
        }

        async fn retrieve(&self, _: &Request, slug: String) -> Result<Slug> {
            Ok(Slug { slug })
        }

        fn location_id(&self, item: &Slug) -> Option<String> {
            Some(item.slug.clone())
        }
    }

    let client = TestClient::new(App::new().resource("/slugs", Slugs)).unwrap();
    for (slug, location) in [
        ("a", Some("/slugs/a")),
        ("a/b", Some("/slugs/a%2Fb")),
        ("...", Some("/slugs/...")),
        ("..", None),
        (".", None),
        ("", None),
    ] {
        let new = serde_json::json!({"slug": slug});
        let response = client.post("/slugs").json(&new).await;
        assert_eq!(response.status(), 201);
        let found = response.headers().get("location");
        assert_eq!(
            found.map(|value| value.to_str().unwrap()),
            location,
            "{slug:?}"
        );
    }
}
