//! The issuer does not respond, or responds with something else.

use std::net::TcpListener;

use futures_util::future::join_all;
use resourceful_auth::Introspection;
use resourceful_test_parts::{Behaviour, Upstream};
use serde_json::json;

use super::{Token, active, active_with, answer, introspection};
use crate::bearer::client;

fn respond(status: &'static str, headers: &str, body: &str) -> Behaviour {
    Behaviour::Respond(status, headers.to_owned(), body.to_owned())
}

#[tokio::test]
async fn it_is_503_until_the_issuer_is_back() {
    let elsewhere = Upstream::start();
    answer(&elsewhere, &active());
    let location = format!("Location: {}/introspect\r\n", elsewhere.url());
    let active_text = active().to_string();
    let behaviours = [
        Behaviour::Reset,
        Behaviour::Truncated("200 OK"),
        Behaviour::Huge(1 << 20, ""),
        Behaviour::Json(active_with("x", json!("x".repeat(256 * 1024))).to_string()),
        Behaviour::Json("<html>".to_owned()),
        Behaviour::Json(String::new()),
        Behaviour::Json(format!("{active_text}{active_text}")),
        respond("401 Unauthorized", "", &active_text),
        respond("403 Forbidden", "", ""),
        respond("404 Not Found", "", &active_text),
        respond("429 Too Many Requests", "Retry-After: 1\r\n", ""),
        respond("500 Internal Server Error", "", &active_text),
        respond("302 Found", &location, &active_text),
        respond("307 Temporary Redirect", &location, ""),
        respond("308 Permanent Redirect", "Location: /introspect2\r\n", ""),
        Behaviour::Hang,
        Behaviour::Drip,
    ];
    let rows = behaviours.into_iter().map(async |behaviour| {
        let upstream = Upstream::start();
        answer(&upstream, &active());
        let client = client(&introspection(&upstream));
        let call = async |token: &str| {
            let request = client
                .get("/")
                .header("authorization", &format!("Bearer {token}"));
            let response = request.await;
            let retry_after = response.headers().get("retry-after").cloned();
            (
                response.status().as_u16(),
                retry_after.map(|value| value.to_str().unwrap().to_owned()),
            )
        };
        assert_eq!(call("known").await.0, 200);
        upstream.on("/introspect", behaviour.clone());
        let responses = join_all((0..10).map(|_| call("new"))).await;
        for (status, retry_after) in responses {
            assert_eq!(
                (status, retry_after.as_deref()),
                (503, Some("5")),
                "{behaviour:?}"
            );
        }
        assert_eq!(upstream.requests().len(), 2, "{behaviour:?}");
        // Within its time, a response that is kept is as good as before.
        assert_eq!(call("known").await.0, 200, "{behaviour:?}");
        answer(&upstream, &active());
        assert_eq!(call("new").await.0, 200, "{behaviour:?}");
    });
    join_all(rows).await;
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/introspect", listener.local_addr().unwrap());
    drop(listener);
    let tokens = Introspection::<Token>::new(&address, "posts-api", "s3cret").unwrap();
    let error = tokens.verify("t0ken").await.unwrap_err();
    assert_eq!(error.status(), 503);
    assert!(!format!("{error:?}").contains("t0ken"));
}
