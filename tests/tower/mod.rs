//! Part of the ecosystem: an application inside axum, tower services inside an application.

use axum::body::Body;
use resourceful::prelude::*;
use tower::{ServiceBuilder, ServiceExt};
use tower_http::cors::CorsLayer;

use crate::fixture::{app, hello};

async fn get(router: axum::Router, path: &str) -> (u16, String) {
    let request = http::Request::get(path).body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn an_application_is_nested_in_axum() {
    let service = app().root_path("/api").build().unwrap();
    let router = axum::Router::new()
        .route("/", axum::routing::get(|| async { "axum" }))
        .nest_service("/api", service);
    assert_eq!(get(router.clone(), "/").await, (200, "axum".to_owned()));
    let (status, body) = get(router.clone(), "/api/posts/1").await;
    assert_eq!(
        (status, body.as_str()),
        (200, r#"{"id":1,"title":"Post 1"}"#)
    );
    assert_eq!(get(router, "/api/posts/99").await.0, 404);
}

#[tokio::test]
async fn a_tower_service_is_mounted_in_an_application() {
    let router = axum::Router::new()
        .route("/", axum::routing::get(|| async { "root" }))
        .route(
            "/deep/er",
            axum::routing::post(|body: String| async move { format!("got {body}") }),
        );
    let client = TestClient::new(app().mount("/axum", public(router))).unwrap();
    assert_eq!(client.get("/axum").await.text(), "root");
    assert_eq!(client.get("/axum/").await.text(), "root");
    assert_eq!(
        client.post("/axum/deep/er").body("it").await.text(),
        "got it"
    );
    assert_eq!(client.get("/axum/none").await.status(), 404);
    assert_eq!(client.get("/posts/1").await.status(), 200);
}

#[tokio::test]
async fn a_mount_is_guarded_too() {
    struct Nobody;

    impl Access<()> for Nobody {
        type Caller = ();

        async fn check((): &(), _: &Request) -> Result<()> {
            Err(Error::forbidden("Nobody may."))
        }
    }

    let inner = App::new().get("/", public(hello)).build().unwrap();
    let client = TestClient::new(App::new().mount("/in", guarded::<Nobody, _>(inner))).unwrap();
    assert_eq!(client.get("/in").await.status(), 403);
}

#[tokio::test]
async fn layers_of_tower_http_wrap_an_application() {
    let service = ServiceBuilder::new()
        .layer(CorsLayer::permissive())
        .service(app().build().unwrap());
    let request = http::Request::get("/posts/1").header("origin", "https://example.com");
    let response = service
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
}
