//! The metadata of a protected resource (RFC 9728).

use resourceful::prelude::*;
use resourceful_auth::ProtectedResource;
use serde_json::json;

#[tokio::test]
async fn the_metadata_stand_at_their_address() {
    for (resource, path) in [
        (
            "https://api.example.com",
            "/.well-known/oauth-protected-resource",
        ),
        (
            "https://api.example.com/",
            "/.well-known/oauth-protected-resource",
        ),
        (
            "https://api.example.com/v1",
            "/.well-known/oauth-protected-resource/v1",
        ),
        (
            "https://api.example.com/v1/",
            "/.well-known/oauth-protected-resource/v1",
        ),
        (
            "http://127.0.0.1:8000/a/b",
            "/.well-known/oauth-protected-resource/a/b",
        ),
    ] {
        let metadata = ProtectedResource::new(resource).unwrap();
        assert_eq!(metadata.path(), path);
        assert!(metadata.address().ends_with(path) && metadata.address().starts_with("http"));
        let metadata = metadata
            .authorization_server("https://issuer.example.com")
            .scopes(["posts:read", "posts:write"]);
        let client = TestClient::new(App::new().view(&metadata.path(), metadata)).unwrap();
        let response = client.get(path).await;
        assert_eq!(response.status(), 200);
        let expected = json!({
            "resource": resource,
            "authorization_servers": ["https://issuer.example.com"],
            "scopes_supported": ["posts:read", "posts:write"],
            "bearer_methods_supported": ["header"],
        });
        assert_eq!(response.json(), expected);
    }
}

#[tokio::test]
async fn empty_members_are_omitted() {
    let metadata = ProtectedResource::new("https://api.example.com").unwrap();
    let client = TestClient::new(App::new().view(&metadata.path(), metadata)).unwrap();
    let response = client.get("/.well-known/oauth-protected-resource").await;
    let expected =
        json!({"resource": "https://api.example.com", "bearer_methods_supported": ["header"]});
    assert_eq!(response.json(), expected);
}

#[test]
fn a_resource_is_an_address() {
    for resource in [
        "api",
        "http://api.example.com",
        "https://api.example.com/#x",
        "urn:api",
    ] {
        assert!(ProtectedResource::new(resource).is_err(), "{resource}");
    }
}
