//! Cookies over HTTP/1 and HTTP/2.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use resourceful::prelude::*;
use resourceful::{Cookie, WithCookie};
use tokio::net::TcpStream;

use super::start;

const THEME: Cookie = Cookie::new("theme");
const COUNT: Cookie<u32> = Cookie::new("count");

async fn change(request: Request) -> Result<impl IntoResponse> {
    let theme = THEME.get(&request).unwrap_or_default();
    let count = COUNT.get(&request).unwrap_or_default();
    let text = format!("{theme} {count}");
    Ok(text
        .with_cookie(COUNT.set(count + 1)?)
        .with_cookie(THEME.remove()))
}

/// HTTP/2 clients send each cookie as a field of its own (RFC 9113 section 8.2.3).
#[tokio::test]
async fn cookies_are_the_same_in_both_protocols() {
    let running = start(App::new().get("/", public(change))).await;
    for fields in [
        vec!["__Host-theme=%C3%A4; __Host-count=7"],
        vec!["__Host-theme=%C3%A4", "a=b", "__Host-count=7"],
    ] {
        for is_http2 in [false, true] {
            let mut request = http::Request::get(format!("http://{}/", running.address));
            for field in &fields {
                request = request.header("cookie", *field);
            }
            let request = request.body(Empty::<Bytes>::new()).unwrap();
            let stream = TcpStream::connect(running.address).await.unwrap();
            let io = TokioIo::new(stream);
            let response = if is_http2 {
                let (mut sender, connection) =
                    http2::handshake(TokioExecutor::new(), io).await.unwrap();
                tokio::spawn(connection);
                sender.send_request(request).await.unwrap()
            } else {
                let (mut sender, connection) = http1::handshake(io).await.unwrap();
                tokio::spawn(connection);
                let mut request = request;
                let host = http::HeaderValue::from_static("x");
                request.headers_mut().insert("host", host);
                *request.uri_mut() = http::Uri::from_static("/");
                sender.send_request(request).await.unwrap()
            };
            let set = response.headers().get_all("set-cookie").iter();
            let set: Vec<_> = set
                .map(|field| field.to_str().unwrap().to_owned())
                .collect();
            assert_eq!(set.len(), 2, "{set:?}");
            assert!(set[0].starts_with("__Host-count=8; "), "{set:?}");
            assert!(set[1].starts_with("__Host-theme=; "), "{set:?}");
            let body = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, "\u{e4} 7", "{fields:?}");
        }
    }
}
