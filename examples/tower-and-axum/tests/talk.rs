//! Starts the example and sends requests to it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use resourceful_test_parts::{Process, send_request};

#[test]
fn axum_and_the_application_work_side_by_side() {
    let example = Process::start(&mut Command::new(env!("CARGO_BIN_EXE_tower-and-axum")));
    assert_eq!(example.get("/").body, "axum");
    let posts = example.get("/api/posts?limit=1");
    assert!(
        posts
            .body
            .contains(r#""posts":[{"id":1,"title":"Post 1"}]"#),
        "{}",
        posts.body
    );
    let redirect = example.get("/api/posts/");
    assert_eq!(redirect.status, 308);
    assert!(
        redirect.head.contains("location: /api/posts"),
        "{}",
        redirect.head
    );
    assert_eq!(example.get("/api/old/thing").body, "an old thing");
    assert_eq!(example.get("/api/nothing").status, 404);

    let origin = "Origin: https://example.com\r\n";
    let shared = send_request(&example.address, "GET", "/api/posts", origin, "");
    assert!(
        shared.head.contains("access-control-allow-origin: *"),
        "{}",
        shared.head
    );

    // A compressed body is not UTF-8, so it is read as bytes.
    let mut stream = TcpStream::connect(&example.address).unwrap();
    let request =
        "GET /api/posts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: gzip\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    assert!(String::from_utf8_lossy(&response).contains("content-encoding: gzip"));
}
