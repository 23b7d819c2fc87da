use http_body_util::{BodyExt, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};
use resourceful::prelude::*;
use tokio::net::TcpStream;

use super::{Raw, start};
use crate::fixture::{app, hello};

#[tokio::test]
async fn http1_keeps_its_connection() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    for id in [1, 2] {
        raw.send(format!("GET /posts/{id} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        let answer = raw.read_until("}").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("content-length: 25\r\n"), "{answer}");
    }
    raw.send("HEAD /posts/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    let head = raw.read_to_end().await;
    assert!(
        head.contains("content-length: 25\r\n") && head.ends_with("\r\n\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn http2_is_spoken_on_the_same_port() {
    let running = start(app()).await;
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let request = http::Request::get(format!("http://{}/posts/1", running.address));
    let request = request.body(Empty::<bytes::Bytes>::new()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, r#"{"id":1,"title":"Post 1"}"#);
}

/// `PUT` begins like the preface of HTTP/2; bytes may come one by one.
#[tokio::test]
async fn a_request_may_come_byte_by_byte() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.0.set_nodelay(true).unwrap();
    let body = "{\"title\": \"slow\"}";
    let request = format!(
        "PUT /posts/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for byte in request.bytes() {
        raw.send([byte]).await;
        tokio::task::yield_now().await;
    }
    assert!(raw.read_until("}").await.contains("\"slow\""));
}

#[tokio::test]
async fn chunked_bodies_and_expectations_work() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send(
        "POST /posts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
    )
    .await;
    raw.read_until("HTTP/1.1 100 Continue\r\n\r\n").await;
    raw.send("8\r\n{\"title\"\r\n6\r\n: \"ab\"\r\n1\r\n}\r\n0\r\n\r\n")
        .await;
    assert!(raw.read_until("}").await.contains("201 Created"));
}

#[tokio::test]
async fn what_is_too_long_is_not_told_to_continue() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send(
        "POST /posts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: 10000000000\r\nExpect: 100-continue\r\n\r\n",
    )
    .await;
    let answer = raw.read_until("}").await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_panic_leaves_the_connection_alive() {
    async fn broken(_: Request) -> Result<()> {
        panic!("in a hook")
    }
    let running = start(app().get("/broken", public(broken))).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /broken HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(raw.read_until("}").await.starts_with("HTTP/1.1 500 "));
    raw.send("GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(raw.read_until("}").await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn hooks_know_their_peer() {
    async fn peer(request: Request) -> Result<String> {
        Ok(format!("<{}>", request.peer().unwrap()))
    }
    let running = start(App::new().get("/", public(peer))).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let own = raw.0.local_addr().unwrap();
    assert!(raw.read_until(">").await.contains(&own.to_string()));
}

#[tokio::test]
async fn a_client_that_closes_its_side_still_gets_its_answer() {
    use tokio::io::AsyncWriteExt;

    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    raw.0.shutdown().await.unwrap();
    assert!(raw.read_to_end().await.ends_with('}'));
}

/// Most clients send the whole body before they read. A connection closed over what they are
/// still sending would be reset, and the answer lost.
#[tokio::test]
async fn who_sends_too_much_still_reads_the_answer() {
    let running = start(app()).await;
    let megabytes = "x".repeat(32 * 1024 * 1024);
    let head = "POST /posts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let by_length = format!(
        "{head}Content-Length: {}\r\n\r\n{megabytes}",
        megabytes.len()
    );
    let chunked =
        format!("{head}Transfer-Encoding: chunked\r\n\r\n2000000\r\n{megabytes}\r\n0\r\n\r\n");
    for request in [by_length, chunked] {
        let mut raw = Raw::connect(running.address).await;
        raw.send(request).await;
        let answer = raw.read_to_end().await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    }
}

/// What hyper itself refuses is refused with an answer, too.
#[tokio::test]
async fn what_is_no_http_is_400() {
    let running = start(app()).await;
    for garbage in [
        "GARBAGE\r\n\r\n",
        "GET /posts HTTP/9.1\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
    ] {
        let mut raw = Raw::connect(running.address).await;
        raw.send(garbage).await;
        let answer = raw.read_to_end().await;
        assert!(
            answer.starts_with("HTTP/1.1 400 "),
            "{garbage:?}: {answer:?}"
        );
    }
}

/// The beginning of a next request must not hold up the answer to this one.
#[tokio::test]
async fn an_answer_does_not_wait_for_the_rest_of_a_next_request() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("GET /posts/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /pos")
        .await;
    assert!(raw.read_until("}").await.contains("200 OK"));
    raw.send("ts/2 HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(raw.read_until("}").await.contains("Post 2"));
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    let request = |id| format!("GET /posts/{id} HTTP/1.1\r\nHost: x\r\n\r\n");
    let last = "GET /posts/20 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_owned();
    raw.send((1..20).map(request).chain([last]).collect::<String>())
        .await;
    let answers = raw.read_to_end().await;
    let titles: Vec<_> = answers.split("\"title\":\"").skip(1).collect();
    assert_eq!(titles.len(), 20);
    assert!(
        titles
            .iter()
            .zip(1..)
            .all(|(title, id)| title.starts_with(&format!("Post {id}\"")))
    );
}

#[tokio::test]
async fn a_body_that_breaks_off_creates_nothing() {
    use tokio::io::AsyncWriteExt;

    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send(
        "POST /posts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{\"title\": \"whole\"}",
    )
    .await;
    raw.0.shutdown().await.unwrap();
    assert!(raw.read_to_end().await.starts_with("HTTP/1.1 400 "));
    let mut other = Raw::connect(running.address).await;
    other.send("GET /posts HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(other.read_until("}}").await.contains("\"total\":25"));
}

/// What is left of a body would be read as the next request; so the client must know that
/// there is none on this connection.
#[tokio::test]
async fn an_answer_over_an_unread_body_announces_the_close() {
    let running = start(app().get("/hello", public(hello))).await;
    for head in [
        "POST /posts HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n", // 415
        "DELETE /posts/99 HTTP/1.1\r\nHost: x\r\n",                        // 404
        "PUT /posts/x HTTP/1.1\r\nHost: x\r\n",                            // 404
        "GET /hello HTTP/1.1\r\nHost: x\r\n",                              // 200
        "PATCH /hello HTTP/1.1\r\nHost: x\r\n",                            // 405
    ] {
        for framing in ["Content-Length: 3", "Transfer-Encoding: chunked"] {
            let mut raw = Raw::connect(running.address).await;
            raw.send(format!("{head}{framing}\r\n\r\n")).await;
            let answer = raw.read_until("\r\n\r\n").await;
            assert!(
                answer.contains("connection: close"),
                "{head}{framing}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn a_body_that_was_read_leaves_the_connection_open() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    let json = "POST /posts HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for body in [
        "Content-Length: 14\r\n\r\n{\"title\": \"a\"}",
        "Content-Length: 2\r\n\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\ne\r\n{\"title\": \"a\"}\r\n0\r\n\r\n",
        "Content-Length: 0\r\n\r\n",
    ] {
        raw.send(format!("{json}{body}")).await;
        let answer = raw.read_until("}").await;
        assert!(!answer.contains("connection: close"), "{body}: {answer}");
    }
}

#[tokio::test]
async fn a_method_that_begins_like_the_preface_is_http1() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("PRINT /posts HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(raw.read_until("}").await.starts_with("HTTP/1.1 405 "));
}
