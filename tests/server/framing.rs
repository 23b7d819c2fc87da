//! Heads that a proxy in front of the server may read in another way.

use resourceful::Body;
use resourceful::prelude::*;

use super::{Raw, start};
use crate::fixture::app;

const POST: &str = "POST /posts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
const GET: &str = "GET /posts/1 HTTP/1.1\r\n";

/// 400 as a problem, and nothing more is read on this connection.
async fn refused(raw: &mut Raw, request: &str) -> String {
    raw.send(request).await;
    let answer = raw.read_to_end().await;
    let answer = &answer[answer.rfind("HTTP/1.1 ").unwrap_or_default()..];
    assert!(
        answer.starts_with("HTTP/1.1 400 "),
        "{request:?}: {answer:?}"
    );
    assert!(
        answer.contains("connection: close\r\n"),
        "{request:?}: {answer:?}"
    );
    assert!(
        answer.contains("application/problem+json"),
        "{request:?}: {answer:?}"
    );
    assert!(answer.ends_with('}'), "{request:?}: {answer:?}");
    answer.to_owned()
}

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_400_and_closed() {
    let running = start(app()).await;
    let smuggled = format!("2\r\n{{}}\r\n0\r\n\r\n{GET}Host: x\r\n\r\n");
    for framing in [
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\nContent-Length: 2\r\n",
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2, 2\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: -2\r\n",
        "Content-Length: 0x2\r\n",
        "Content-Length: 2 2\r\n",
        "Content-Length: \r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Content-Length : 2\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, gzip\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding : chunked\r\n",
        "X-Folded: a\r\n b\r\nContent-Length: 2\r\n",
        "Content-Length:\r\n 2\r\n",
        " Content-Length: 2\r\n",
        "X-Nul: a\0b\r\n",
        "X-Cr: a\rb\r\n",
    ] {
        let mut raw = Raw::connect(running.address).await;
        refused(&mut raw, &format!("{POST}{framing}\r\n{smuggled}")).await;
    }
    for request in [
        "POST /posts HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "GET /posts HTTP/9.1\r\n\r\n",
        "GET /posts\r\n\r\n",
        "GET /po sts HTTP/1.1\r\nHost: x\r\n\r\n",
    ] {
        let mut raw = Raw::connect(running.address).await;
        refused(&mut raw, request).await;
    }
}

#[tokio::test]
async fn it_is_seen_behind_other_requests_too() {
    let running = start(app()).await;
    let plain = format!("{GET}Host: x\r\n\r\n");
    let bad = format!("{POST}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n");
    let mut raw = Raw::connect(running.address).await;
    raw.send(format!("{plain}{plain}{bad}")).await;
    let answers = raw.read_to_end().await;
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 2, "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 400 ").count(), 1, "{answers}");

    // After a body, and in two parts.
    let mut raw = Raw::connect(running.address).await;
    raw.send(format!(
        "{POST}Content-Length: 14\r\n\r\n{{\"title\": \"a\"}}"
    ))
    .await;
    raw.read_until("}").await;
    let (first, second) = bad.split_at(bad.len() - 20);
    raw.send(first).await;
    tokio::task::yield_now().await;
    refused(&mut raw, second).await;

    // In the same read as the body before it, or as the end of that.
    let title = "{\"title\": \"a\"}";
    for body in [
        format!("Content-Length: 14\r\n\r\n{title}"),
        format!("Transfer-Encoding: chunked\r\n\r\ne\r\n{title}\r\n0\r\n\r\n"),
    ] {
        let (first, second) = body.split_at(body.len() - 3);
        for parts in [["", &body], [first, second]] {
            let mut raw = Raw::connect(running.address).await;
            raw.send(format!("{POST}{}", parts[0])).await;
            raw.send(format!("{}{bad}", parts[1])).await;
            let answers = raw.read_to_end().await;
            assert!(answers.starts_with("HTTP/1.1 201 "), "{answers}");
            assert!(answers.contains("is given twice"), "{answers}");
        }
    }
}

/// What hyper refuses in the same breath as it answers is refused by hyper's own words.
#[tokio::test]
async fn a_refusal_does_not_take_the_answer_before_it() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send(format!("{GET}Host: x\r\n\r\nGARBAGE\r\n\r\n"))
        .await;
    let answers = raw.read_to_end().await;
    assert!(answers.starts_with("HTTP/1.1 200 "), "{answers}");
    assert!(answers.contains("\"Post 1\"}HTTP/1.1 400 "), "{answers}");
}

/// An answer may quote anything.
#[tokio::test]
async fn an_answer_is_never_taken_for_a_refusal() {
    const QUOTED: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\
         date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";
    async fn quote(_: Request) -> Result<String> {
        Ok(QUOTED.to_owned())
    }
    async fn long(_: Request) -> Result<Response> {
        let text = format!("{}{QUOTED}", "x".repeat(1 << 20));
        Ok(Response::new(text.into()))
    }
    async fn parts(_: Request) -> Result<Response> {
        let parts = ["a", QUOTED].map(Ok::<_, Error>);
        Ok(Response::new(Body::from_stream(
            futures_util::stream::iter(parts),
        )))
    }
    let app = App::new()
        .get("/", public(quote))
        .get("/long", public(long))
        .get("/parts", public(parts));
    let running = start(app).await;
    let mut raw = Raw::connect(running.address).await;
    for path in ["/", "/long", "/parts", "/"] {
        raw.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        let mut answer = raw.read_until("1994 08:49:37 GMT\r\n\r\n").await;
        if path == "/parts" && !answer.ends_with("0\r\n\r\n") {
            answer += &raw.read_until("0\r\n\r\n").await;
        }
        assert!(
            answer.starts_with("HTTP/1.1 200 "),
            "{path}: {}",
            &answer[..50]
        );
    }
    raw.send("GARBAGE\r\n\r\n").await;
    let answer = raw.read_to_end().await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.ends_with('}'),
        "{answer}"
    );
}

#[tokio::test]
async fn there_is_one_host_and_it_is_one() {
    let running = start(app()).await;
    for host in [
        "",
        "Host: x\r\nHost: x\r\n",
        "Host: x\r\nHost: y\r\n",
        "Host: \r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
        "Host: user@a\r\n",
        "Host: a:b\r\n",
        "Host: a, b\r\n",
        "Host: \u{e9}\r\n",
    ] {
        let mut raw = Raw::connect(running.address).await;
        refused(&mut raw, &format!("{GET}{host}\r\n")).await;
    }
    for host in [
        "example.org",
        "example.org:8000",
        "[::1]:80",
        "127.0.0.1",
        "localhost:",
    ] {
        let mut raw = Raw::connect(running.address).await;
        raw.send(format!("{GET}Host: {host}\r\n\r\n")).await;
        assert!(
            raw.read_until("}").await.starts_with("HTTP/1.1 200 "),
            "{host}"
        );
    }
    // HTTP/1.0 knew none.
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /posts/1 HTTP/1.0\r\n\r\n").await;
    assert!(raw.read_until("}").await.starts_with("HTTP/1.0 200 "));
}

#[tokio::test]
async fn other_hosts_are_not_served_where_it_is_said_which_are() {
    let running = start(app().trusted_hosts(["example.org", ".example.net"])).await;
    for (head, status) in [
        ("GET /posts/1 HTTP/1.1\r\nHost: Example.org:8000\r\n", 200),
        ("GET /posts/1 HTTP/1.1\r\nHost: www.example.net\r\n", 200),
        (
            "GET http://example.org/posts/1 HTTP/1.1\r\nHost: evil.org\r\n",
            400,
        ),
        ("GET /posts/1 HTTP/1.1\r\nHost: evil.org\r\n", 400),
        (
            "GET /posts/1 HTTP/1.1\r\nHost: evil.org\r\nX-Forwarded-Host: example.org\r\n",
            400,
        ),
        (
            "GET http://evil.org/posts/1 HTTP/1.1\r\nHost: example.org\r\n",
            400,
        ),
        ("GET /posts/1 HTTP/1.0\r\n", 400),
    ] {
        let mut raw = Raw::connect(running.address).await;
        raw.send(format!("{head}\r\n")).await;
        let answer = raw.read_until("}").await;
        assert!(answer.contains(&format!(" {status} ")), "{head}: {answer}");
    }
}

#[tokio::test]
async fn heads_have_a_size() {
    let running = start(app()).await;
    let long = |bytes: usize| format!("{GET}Host: x\r\nX-Long: {}\r\n\r\n", "a".repeat(bytes));
    let many = |fields: usize| format!("{GET}Host: x\r\n{}\r\n", "X-Many: a\r\n".repeat(fields));
    let path = |bytes: usize| {
        format!(
            "GET /posts/1?{} HTTP/1.1\r\nHost: x\r\n\r\n",
            "a".repeat(bytes)
        )
    };
    for (request, status) in [
        (long(15 * 1024), 200),
        (long(16 * 1024), 431),
        (long(1024 * 1024), 431),
        (many(99), 200),
        (many(100), 431),
        (path(8000), 200),
        (path(9000), 414),
        (path(100_000), 414),
        (path(20_000), 414),
        (format!("GET /{}", "a".repeat(100_000)), 414),
        ("A".repeat(100_000), 414),
        (
            path(7_000).replace("Host", &format!("X: {}\r\nHost", "a".repeat(16_000))),
            431,
        ),
    ] {
        let mut raw = Raw::connect(running.address).await;
        raw.send(&request).await;
        let answer = raw.read_until("}").await;
        let case = &request[..60];
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{case}: {answer}"
        );
        assert!(
            status == 200 || answer.contains("application/problem+json"),
            "{case}: {answer}"
        );
    }
}

/// RFC 9112 section 3.2: hyper would take `/posts/1#/../x` for `/posts/1`.
#[tokio::test]
async fn a_target_has_no_fragment() {
    let running = start(app()).await;
    let plain = format!("{GET}Host: x\r\n\r\n");
    for target in [
        "/posts/1#",
        "/posts/1#/../x",
        "/posts/1?a=b#c",
        "http://x/posts/1#c",
        "http://x#/posts/1",
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
        for before in ["", &plain] {
            let mut raw = Raw::connect(running.address).await;
            refused(&mut raw, &format!("{before}{request}")).await;
        }
        let mut raw = Raw::connect(running.address).await;
        let (first, second) = request.split_at(request.find('#').unwrap());
        raw.send(first).await;
        tokio::task::yield_now().await;
        refused(&mut raw, second).await;
    }
}

/// RFC 3986 appendix A; of a query, what browsers do not encode is taken.
#[tokio::test]
async fn a_uri_has_the_characters_of_one() {
    let running = start(app()).await;
    for character in "\\\"<>^`{|}\u{7f}\u{1}\u{e9}\u{202e}".chars() {
        let of_a_query = if "\\^`{|}".contains(character) {
            200
        } else {
            400
        };
        for (target, status) in [("/posts/1", 400), ("/posts/1?a=", of_a_query)] {
            let mut raw = Raw::connect(running.address).await;
            let fields = "Host: x\r\nConnection: close\r\n";
            raw.send(format!("GET {target}{character} HTTP/1.1\r\n{fields}\r\n"))
                .await;
            let answer = raw.read_to_end().await;
            let expected = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(&expected), "{character:?}: {answer}");
        }
    }
}
