//! Requests that another site starts.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use http::Method;
use resourceful::prelude::*;
use resourceful_auth::CrossOrigin;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const TRUSTED: [&str; 2] = ["https://app.example", "http://localhost:3000"];

fn app() -> App {
    let check = CrossOrigin::trusting(TRUSTED).unwrap();
    let view = move |request: Request| {
        let check = check.clone();
        async move { check.check(&request) }
    };
    App::new()
        .get("/", public(view.clone()))
        .post("/", public(view.clone()))
        .put("/", public(view.clone()))
        .patch("/", public(view.clone()))
        .delete("/", public(view))
        .trusted_proxies(["127.0.0.1"])
}

async fn status(client: &TestClient, method: Method, host: &str, fields: &[(&str, &str)]) -> u16 {
    let mut request = client.request(method, "/").header("host", host);
    for (name, value) in fields {
        request = request.header(name, value);
    }
    request.await.status().as_u16()
}

/// A server, to send bytes that `TestClient` does not.
async fn serve() -> SocketAddr {
    let server = app().bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    tokio::spawn(server.run_until(std::future::pending()));
    address
}

/// The response to a request with these fields, which are complete lines.
async fn post(address: SocketAddr, fields: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST / HTTP/1.1\r\nHost: inside:8000\r\nConnection: close\r\nContent-Length: 0\r\n";
    let request = [head.as_bytes(), fields, b"\r\n"].concat();
    stream.write_all(&request).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response
}

#[tokio::test]
async fn browsers_tell_where_a_request_starts() {
    const SITE: &str = "sec-fetch-site";
    let client = TestClient::new(app()).unwrap();
    for (fields, expected) in [
        // All browsers since 2023.
        (&[(SITE, "same-origin")][..], 204),
        (&[(SITE, "none")], 204),
        (&[(SITE, "same-site")], 403),
        (&[(SITE, "cross-site")], 403),
        // It is decided by this field alone if it says "ours".
        (
            &[(SITE, "same-origin"), ("origin", "https://evil.example")],
            204,
        ),
        (&[(SITE, "none"), ("origin", "null")], 204),
        // It is also decided by it if the origin has the requested host: the scheme may differ.
        (
            &[(SITE, "cross-site"), ("origin", "https://site.example")],
            403,
        ),
        (
            &[(SITE, "same-site"), ("origin", "http://site.example")],
            403,
        ),
        (
            &[(SITE, "cross-site"), ("origin", "https://app.example")],
            204,
        ),
        (
            &[(SITE, "same-site"), ("origin", "https://app.example")],
            204,
        ),
        (
            &[(SITE, "cross-site"), ("origin", "https://app.example:8443")],
            403,
        ),
        (
            &[(SITE, "cross-site"), ("origin", "http://app.example")],
            403,
        ),
        (&[(SITE, "cross-site"), ("origin", "null")], 403),
        (
            &[(SITE, "cross-site"), ("origin", "https://evil.example")],
            403,
        ),
        // No browser sends these.
        (&[(SITE, "")], 403),
        (&[(SITE, "Same-Origin")], 403),
        (&[(SITE, "SAME-ORIGIN")], 403),
        (&[(SITE, "same-origin, cross-site")], 403),
        (&[(SITE, "same-origin;q=1")], 403),
        (&[(SITE, "nonsense")], 403),
        (&[(SITE, "same-origin"), (SITE, "cross-site")], 403),
        (&[(SITE, "same-origin"), (SITE, "same-origin")], 403),
        (
            &[
                (SITE, "none"),
                (SITE, "none"),
                ("origin", "https://app.example"),
            ],
            204,
        ),
        (
            &[
                (SITE, "cross-site"),
                ("origin", "https://app.example"),
                ("origin", "https://app.example"),
            ],
            403,
        ),
        (
            &[
                (SITE, "cross-site"),
                ("origin", "https://app.example"),
                ("origin", "https://evil.example"),
            ],
            403,
        ),
    ] {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let status = status(&client, method.clone(), "site.example", fields).await;
            assert_eq!(status, expected, "{method} {fields:?}");
        }
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            let status = status(&client, method.clone(), "site.example", fields).await;
            assert!((200..300).contains(&status), "{method} {fields:?}");
        }
    }
}

/// Browsers before 2023, and all browsers over plain HTTP.
#[tokio::test]
async fn an_origin_is_compared_with_the_requested_host() {
    let client = TestClient::new(app()).unwrap();
    for (host, origin, expected) in [
        ("site.example", "https://site.example", 204),
        ("site.example", "http://site.example", 204),
        ("site.example", "HTTPS://Site.EXAMPLE", 204),
        ("Site.Example", "https://site.example", 204),
        ("site.example:443", "https://site.example", 204),
        ("site.example", "https://site.example:443", 204),
        ("site.example:80", "http://site.example", 204),
        ("site.example:8000", "http://site.example:8000", 204),
        ("localhost:8000", "http://localhost:8000", 204),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", 204),
        ("[::1]:8000", "http://[::1]:8000", 204),
        ("[::1]", "https://[::1]", 204),
        // Trusted, whatever the host.
        ("site.example", "https://app.example", 204),
        ("site.example", "https://APP.example:443", 204),
        ("site.example", "http://localhost:3000", 204),
        ("site.example", "http://localhost", 403),
        ("site.example", "https://localhost:3000", 403),
        ("site.example", "http://app.example", 403),
        // Another host, or another port.
        ("site.example", "https://evil.example", 403),
        ("site.example", "https://site.example.evil.example", 403),
        ("site.example", "https://evilsite.example", 403),
        ("site.example", "https://www.site.example", 403),
        ("www.site.example", "https://site.example", 403),
        ("site.example", "https://site.example.", 403),
        ("site.example:80", "https://site.example", 403),
        ("site.example:443", "http://site.example", 403),
        ("site.example", "https://site.example:8443", 403),
        ("site.example:8443", "https://site.example", 403),
        ("site.example:8000", "http://site.example:8001", 403),
        ("127.0.0.1", "http://127.0.0.2", 403),
        ("[::1]", "http://[::2]", 403),
        // No origin of the web.
        ("site.example", "null", 403),
        ("null", "null", 403),
        ("site.example", "", 403),
        ("site.example", "site.example", 403),
        ("site.example", "//site.example", 403),
        ("site.example", "://site.example", 403),
        ("site.example", "https://", 403),
        ("site.example", "https:site.example", 403),
        ("site.example", "file://site.example", 403),
        ("site.example", "ws://site.example", 403),
        ("site.example", "chrome-extension://site.example", 403),
        ("site.example", "https://site.example/", 403),
        ("site.example", "https://site.example/path", 403),
        ("site.example", "https://site.example?query", 403),
        ("site.example", "https://site.example#fragment", 403),
        ("site.example", "https://user@site.example", 403),
        ("site.example", "https://evil.example@site.example", 403),
        ("site.example", "https://user@site.example:443", 403),
        ("site.example", "https://user:443@site.example:443", 403),
        ("site.example", "https://site.example@evil.example", 403),
        ("site.example", "https://site.example:", 403),
        ("site.example", "https://site.example:0443", 204),
        ("site.example", "https://site.example:65979", 403),
        ("site.example", "https://site.example:443x", 403),
        (
            "site.example",
            "https://site.example https://site.example",
            403,
        ),
        (
            "site.example",
            "https://site.example, https://site.example",
            403,
        ),
        ("site.example", "https://site.example\\@evil.example", 403),
        ("site.example", "https:///site.example", 403),
        ("site.example", "https://s%69te.example", 403),
    ] {
        let status = status(&client, Method::POST, host, &[("origin", origin)]).await;
        assert_eq!(status, expected, "{host} {origin}");
    }
}

#[tokio::test]
async fn other_origin_fields_are_decided_too() {
    let address = serve().await;
    for (fields, expected) in [
        // No browser.
        (&b""[..], 204),
        (b"Origin: http://inside:8000\r\n", 204),
        (b"ORIGIN: http://inside:8000\r\n", 204),
        (
            b"Origin: http://inside:8000\r\nOrigin: http://inside:8000\r\n",
            403,
        ),
        (
            b"Origin: http://inside:8000\r\nOrigin: https://evil.example\r\n",
            403,
        ),
        (
            b"Origin: https://app.example\r\nOrigin: https://app.example\r\n",
            403,
        ),
        (b"Origin:\r\n", 403),
        (b"Origin: http://inside:8000\xff\r\n", 403),
        (b"Origin: \xc3\xa9\r\n", 403),
        // It says nothing: a page can leave it out.
        (b"Referer: https://evil.example/\r\n", 204),
    ] {
        let response = post(address, fields).await;
        let status = format!("HTTP/1.1 {expected} ");
        let fields = String::from_utf8_lossy(fields);
        assert!(response.starts_with(&status), "{fields}: {response}");
    }
}

/// A proxy that is trusted tells the host and the scheme that the browser has.
#[tokio::test]
async fn behind_a_proxy_the_origin_is_compared_with_the_host_of_the_client() {
    let address = serve().await;
    for (fields, expected) in [
        (
            "X-Forwarded-Host: site.example\r\nOrigin: https://site.example",
            204,
        ),
        (
            "X-Forwarded-Host: site.example\r\nOrigin: https://inside:8000",
            403,
        ),
        ("Origin: https://inside:8000", 204),
        // The client uses TLS: a page over plain HTTP is another origin, which anyone on the way can change.
        (
            "X-Forwarded-Proto: https\r\nOrigin: http://inside:8000",
            403,
        ),
        (
            "X-Forwarded-Proto: https\r\nOrigin: https://inside:8000",
            204,
        ),
        (
            "X-Forwarded-Proto: https\r\nOrigin: http://localhost:3000",
            204,
        ),
    ] {
        let response = post(address, format!("{fields}\r\n").as_bytes()).await;
        let status = format!("HTTP/1.1 {expected} ");
        assert!(response.starts_with(&status), "{fields}: {response}");
    }
}

#[test]
fn only_origins_can_be_trusted() {
    for origin in [
        "https://a.example",
        "http://localhost:3000",
        "https://[::1]:8443",
    ] {
        assert!(CrossOrigin::trusting([origin]).is_ok(), "{origin}");
    }
    for origin in [
        "",
        "null",
        "*",
        "a.example",
        "https://",
        "https://a.example/",
        "https://a.example/b",
        "ws://a.example",
        "https://user@a.example",
        "https://a.example:70000",
        "https://bücher.example",
        "https://*.a.example",
    ] {
        let error = CrossOrigin::trusting([origin]).unwrap_err();
        assert!(
            error.to_string().contains("is not `https://host[:port]`"),
            "{error}"
        );
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The client reads one sentence; the log has the origin, shortened, and no cookie.
#[tokio::test]
async fn a_refusal_is_a_sentence_and_a_warning() {
    let client = TestClient::new(app()).unwrap();
    let refuse = async |origin: &str| {
        let request = client.post("/?token=t0ken").header("cookie", "a=s3cret");
        request.header("origin", origin).await
    };
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let _listening = tracing::subscriber::set_default(subscriber);
    let origin = format!("https://evil.example/{}", "x".repeat(5000));
    // Another test may be the first to reach the warning, while nobody listens: `tracing` keeps that.
    let response = loop {
        tracing::callsite::rebuild_interest_cache();
        let response = refuse(&origin).await;
        if !log.0.lock().unwrap().is_empty() {
            break response;
        }
    };
    assert_eq!(response.status(), 403);
    let detail = &response.json()["detail"];
    assert_eq!(detail, "Requests that another site starts are not allowed.");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("WARN") && log.contains("https://evil.example"),
        "{log}"
    );
    assert!(!log.contains("s3cret") && !log.contains("t0ken"), "{log}");
    assert!(log.len() < 1000, "{log}");
}
