//! Default headers of every response.

use http::header::{CACHE_CONTROL, HeaderValue};
use resourceful::Body;
use resourceful::prelude::*;

use crate::fixture::{app, client};

#[tokio::test]
async fn responses_are_not_cached_and_not_sniffed() {
    let client = client();
    for response in [
        client.get("/posts/1").await,
        client.get("/posts/99").await,
        client.get("/nowhere").await,
        client.delete("/posts/1").await,
        client.request(http::Method::HEAD, "/posts").await,
        client.request(http::Method::OPTIONS, "/posts").await,
        client.get("/posts/").await,
    ] {
        let status = response.status();
        assert_eq!(response.headers()["cache-control"], "no-store", "{status}");
        assert_eq!(
            response.headers()["x-content-type-options"],
            "nosniff",
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_response_can_override_them() {
    async fn kept(_: Request) -> Result<Response> {
        let mut response = "kept".into_response();
        let minute = HeaderValue::from_static("max-age=60");
        response.headers_mut().insert("cache-control", minute);
        Ok(response)
    }
    let client = TestClient::new(app().get("/kept", public(kept))).unwrap();
    assert_eq!(
        client.get("/kept").await.headers()["cache-control"],
        "max-age=60"
    );
}

/// One header, since with two a cache may use either.
#[tokio::test]
async fn an_error_can_override_them() {
    async fn gone(_: Request) -> Result<()> {
        let day = HeaderValue::from_static("max-age=86400");
        Err(Error::not_found("It was there once.").with_header(CACHE_CONTROL, day))
    }
    let client = TestClient::new(App::new().get("/", public(gone))).unwrap();
    let response = client.get("/").await;
    let said: Vec<_> = response.headers().get_all(CACHE_CONTROL).iter().collect();
    assert_eq!(said, ["max-age=86400"]);
}

/// Mounted services serve files that may be cached.
#[tokio::test]
async fn a_stream_with_a_validator_may_be_cached() {
    async fn file(_: Request) -> Result<Response> {
        let mut response = Response::new(Body::new(Body::from("file")));
        response
            .headers_mut()
            .insert("etag", HeaderValue::from_static("\"1\""));
        Ok(response)
    }
    let client = TestClient::new(App::new().get("/", public(file))).unwrap();
    assert!(
        !client
            .get("/")
            .await
            .headers()
            .contains_key("cache-control")
    );
}
