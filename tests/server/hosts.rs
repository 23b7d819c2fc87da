//! The host of a request: there is one, it is valid, and it is the same wherever it is read.

use http::header::HOST;
use resourceful::prelude::*;

use super::http2::ask as http2;
use super::{Raw, Running, start};

/// `/` tells the host as the application sees it, `/in` as a service in it does.
fn app() -> App {
    async fn host(request: Request) -> Result<String> {
        Ok(request.host().unwrap_or("none").to_owned())
    }
    async fn seen(request: http::Request<axum::body::Body>) -> String {
        let fields: Vec<_> = request.headers().get_all(HOST).iter().collect();
        format!("{:?} {:?}", request.uri().authority(), fields)
    }
    let inner = axum::Router::new().fallback(seen);
    App::new()
        .get("/", public(host))
        .mount("/in", public(inner))
}

const HOSTS: [&str; 4] = ["example.org", ".example.net", "example.com.", "[::1]"];

/// Status line and body.
async fn http1(running: &Running, head: &str) -> String {
    let mut raw = Raw::connect(running.address).await;
    raw.send(format!("{head}Connection: close\r\n\r\n")).await;
    let answer = raw.read_to_end().await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    format!("{} {body}", &head[9..12])
}

#[tokio::test]
async fn the_target_and_the_field_name_one_host() {
    let running = start(app().trusted_hosts(HOSTS)).await;
    for (target, host, status) in [
        ("http://example.org/", "example.org", "200"),
        ("http://example.org/", "EXAMPLE.org:80", "200"),
        ("http://example.org:/", "example.org.", "200"),
        ("https://example.org:443/", "example.org", "200"),
        ("http://[::1]/", "[0:0::1]:80", "200"),
        ("http://example.org/", "evil.com", "400"),
        ("http://example.org/", "a.example.net", "400"),
        ("http://example.org/", "example.org:8000", "400"),
        ("http://example.org:443/", "example.org", "400"),
        ("http://example.org/", "", "400"),
        ("http://evil.com/", "example.org", "400"),
        ("http://evil.com@example.org/", "example.org", "400"),
        (
            "http://evil.com@example.org/",
            "evil.com@example.org",
            "400",
        ),
        ("http://:80/", ":80", "400"),
    ] {
        let answer = http1(
            &running,
            &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n"),
        )
        .await;
        assert!(answer.starts_with(status), "{target} {host}: {answer}");
        let authority = target.split('/').nth(2).unwrap();
        let fields = [(":path", "/"), (":authority", authority), ("host", host)];
        if !target.starts_with("https") {
            let answer = http2(&running, &fields).await;
            let is_refused = !answer.starts_with("200");
            assert_eq!(is_refused, status == "400", "{fields:?}: {answer}");
        }
    }
    let without = "GET http://example.org/ HTTP/1.1\r\n";
    assert!(http1(&running, without).await.starts_with("400"));
    let old = "GET http://example.org/ HTTP/1.0\r\n";
    assert!(http1(&running, old).await.starts_with("200"));
}

#[tokio::test]
async fn http2_has_one_host_too() {
    let running = start(app()).await;
    let root = (":path", "/");
    for fields in [
        &[root, (":authority", "a"), ("host", "a")][..],
        &[root, (":authority", "a")],
        &[root, ("host", "a")],
    ] {
        let answer = http2(&running, fields).await;
        assert_eq!(answer, "200 a", "{fields:?}");
    }
    for fields in [
        &[root][..],
        &[root, ("host", "")],
        &[root, (":authority", "")],
        &[root, (":authority", ""), ("host", "a")],
        &[root, (":authority", "a"), ("host", "")],
        &[root, (":authority", "a"), ("host", "b")],
        &[root, (":authority", "a"), ("host", "a"), ("host", "a")],
        &[root, (":authority", "a"), ("host", "a"), ("host", "b")],
        &[root, ("host", "a"), ("host", "a")],
        &[root, ("host", "a/b")],
        &[root, (":authority", "user@a")],
        &[root, (":authority", "a:b")],
        &[root, (":authority", "%61")],
        &[root, ("host", "%61")],
    ] {
        let answer = http2(&running, fields).await;
        assert!(!answer.starts_with("200"), "{fields:?}: {answer}");
    }
}

#[tokio::test]
async fn a_trusted_host_has_one_name_in_all_spellings() {
    let running = start(app().trusted_hosts(HOSTS)).await;
    for (host, status) in [
        ("Example.ORG", "200"),
        ("example.org.", "200"),
        ("example.org.:8000", "200"),
        ("example.com", "200"),
        ("example.com.", "200"),
        ("a.example.net.", "200"),
        ("[0:0:0:0:0:0:0:1]", "200"),
        ("example.org..", "400"),
        (".", "400"),
        ("..", "400"),
        ("example.com.evil.com", "400"),
        ("evil-example.net", "400"),
        ("ex%61mple.org", "400"),
        ("evil.com%00example.org", "400"),
        ("evil.com%2f.example.net", "400"),
        ("[::2]", "400"),
        ("[::1%25eth0]", "400"),
        ("example.org,evil.com", "400"),
    ] {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n");
        let answer = http1(&running, &head).await;
        assert!(answer.starts_with(status), "{host}: {answer}");
        let answer = http2(&running, &[(":path", "/"), (":authority", host)]).await;
        assert_eq!(
            answer.starts_with("200"),
            status == "200",
            "{host}: {answer}"
        );
    }
}

/// A service inside reads the host that was looked at, and no other.
#[tokio::test]
async fn the_host_is_handed_on() {
    let running = start(app().trusted_proxies(["127.0.0.1"])).await;
    for (head, seen) in [
        ("GET /in HTTP/1.1\r\nHost: a:80\r\n", r#"None ["a:80"]"#),
        (
            "GET http://a/in HTTP/1.1\r\nHost: a:80\r\n",
            r#"Some(a) ["a"]"#,
        ),
        ("GET http://a/in HTTP/1.0\r\n", r#"Some(a) ["a"]"#),
        (
            "GET /in HTTP/1.1\r\nHost: inner\r\nX-Forwarded-Host: evil.com, example.org\r\n",
            r#"None ["example.org"]"#,
        ),
        (
            "GET http://inner/in HTTP/1.1\r\nHost: inner\r\nX-Forwarded-Host: example.org\r\n",
            r#"Some(example.org) ["example.org"]"#,
        ),
    ] {
        assert_eq!(http1(&running, head).await, format!("200 {seen}"), "{head}");
    }
    let path = (":path", "/in");
    for (fields, seen) in [
        (&[path, (":authority", "a")][..], r#"Some(a) ["a"]"#),
        (&[path, ("host", "a")], r#"None ["a"]"#),
        (
            &[path, (":authority", "inner"), ("x-forwarded-host", "b:1")],
            r#"Some(b:1) ["b:1"]"#,
        ),
    ] {
        assert_eq!(http2(&running, fields).await, format!("200 {seen}"));
    }
}
