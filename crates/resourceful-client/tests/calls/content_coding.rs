//! Compressed responses to requests for `identity`.

use std::io::{BufRead as _, BufReader, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderValue};
use resourceful_client::{Client, ClientBuilder, ClientError};
use resourceful_test_parts::Upstream;

use crate::client;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A client of an upstream that sends `head` and `body` on each connection, then repeats `more`
/// until the client stops reading.
fn client_of(head: &str, body: &[u8], more: &[u8]) -> ClientBuilder {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let response = [head.as_bytes(), b"\r\nConnection: close\r\n\r\n", body].concat();
    let more = more.to_owned();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let lines = BufReader::new(&stream).lines();
            let _ = lines.map_while(Result::ok).find(String::is_empty);
            let mut result = (&stream).write_all(&response);
            while result.is_ok() && !more.is_empty() {
                result = (&stream).write_all(&more);
            }
        }
    });
    Client::builder(&url)
        .timeout(Duration::from_secs(1))
        .retries(0)
}

const GZIP: &str = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip";

#[tokio::test]
async fn identity_is_requested_by_default() {
    let upstream = Upstream::start();
    upstream.json("/", "1");
    client(&upstream).get("/").send().await.unwrap();
    let request = client(&upstream).get("/").header(ACCEPT_ENCODING, "gzip");
    request.send().await.unwrap();
    let requests = upstream.requests();
    for (head, coding) in requests.iter().zip(["identity", "gzip"]) {
        let field = format!("accept-encoding: {coding}\r\n");
        assert!(head.contains(&field), "{head}");
        assert_eq!(head.matches("accept-encoding").count(), 1, "{head}");
    }
}

#[tokio::test]
async fn unrequested_gzip_is_decoded() {
    let body = gzip(b"[1, 2]");
    let length = format!("{GZIP}\r\nContent-Length: {}", body.len());
    for head in [GZIP, &length] {
        let client = client_of(head, &body, b"").build().unwrap();
        let reply = client.get("/").send().await.unwrap();
        assert_eq!(reply.json::<Vec<i64>>().unwrap(), [1, 2]);
        assert_eq!(reply.bytes(), &b"[1, 2]"[..]);
        assert!(!reply.headers().contains_key(CONTENT_ENCODING));
    }
    // Bodies of errors are decoded, too.
    let head = "HTTP/1.1 404 Not Found\r\nContent-Encoding: gzip";
    let client = client_of(head, &body, b"").build().unwrap();
    match client.get("/").send().await {
        Err(ClientError::Status { status, body }) => {
            assert_eq!((status.as_u16(), &body[..]), (404, &b"[1, 2]"[..]));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_empty_body_is_not_decoded() {
    for (method, status) in [
        (Method::HEAD, "200 OK"),
        (Method::DELETE, "204 No Content"),
        (Method::GET, "200 OK"),
    ] {
        let head = format!("HTTP/1.1 {status}\r\nContent-Encoding: gzip");
        let client = client_of(&head, b"", b"").build().unwrap();
        client.call(method, "/").fetch::<()>().await.unwrap();
    }
}

#[tokio::test]
async fn the_size_limit_applies_to_the_decoded_body() {
    let bomb = gzip(&vec![b' '; 20_000_000]);
    assert!(bomb.len() < 40_000);
    let client = client_of(GZIP, &bomb, b"").build().unwrap();
    let error = client.get("/").send().await.unwrap_err();
    assert!(matches!(error, ClientError::TooLarge { .. }), "{error:?}");

    let body = gzip(b"\"12345678\"");
    for (limit, fits) in [(10, true), (9, false)] {
        let client = client_of(GZIP, &body, b"").max_response_size(limit).build();
        let result = client.unwrap().get("/").fetch::<String>().await;
        assert_eq!(result.is_ok(), fits, "{result:?}");
    }
}

#[tokio::test]
async fn gzip_without_data_times_out() {
    // The head of RFC 1952, then empty stored blocks (RFC 1951) without end.
    const HEAD: &[u8] = b"\x1f\x8b\x08\0\0\0\0\0\0\xff";
    let empty = b"\0\0\0\xff\xff".repeat(20_000);
    let client = client_of(GZIP, HEAD, &empty).build().unwrap();
    let started = Instant::now();
    let error = client.get("/").send().await.unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn invalid_gzip_is_an_error() {
    let body = gzip(b"[1, 2, 3, 4, 5, 6, 7, 8, 9]");
    let mut wrong = body.clone();
    *wrong.last_mut().unwrap() ^= 1;
    for body in [&b"[1, 2]"[..], &body[..body.len() / 2], &wrong] {
        let client = client_of(GZIP, body, b"").build().unwrap();
        let error = client.get("/").send().await.unwrap_err();
        assert_eq!(resourceful::Error::from(error).status(), 502);
    }
}

#[tokio::test]
async fn another_coding_is_named() {
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: br";
    let client = client_of(head, b"\x0b\x02\x80[1, 2]\x03", b"")
        .build()
        .unwrap();
    let reply = client.get("/").send().await.unwrap();
    assert_eq!(
        reply.headers()[CONTENT_ENCODING],
        HeaderValue::from_static("br")
    );
    assert_eq!(reply.bytes(), &b"\x0b\x02\x80[1, 2]\x03"[..]);
    match reply.json::<Vec<i64>>() {
        Err(ClientError::Decode(error)) => {
            assert!(
                error.to_string().contains(r#"in the coding "br""#),
                "{error}"
            );
        }
        other => panic!("{other:?}"),
    }
    // RFC 9110 section 8.4.1 defines no such coding; it means no coding.
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: identity";
    let client = client_of(head, b"[1]", b"").build().unwrap();
    assert_eq!(client.get("/").fetch::<Vec<i64>>().await.unwrap(), [1]);
}
