//! Answers without a body.

use http::Method;
use resourceful::NoContent;
use resourceful_client::{Client, ClientError, Reply};
use resourceful_test_parts::{Behaviour, Upstream};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::client;
use crate::http2_upstream::Connection::AnswersHead;
use crate::http2_upstream::{Http2Upstream, trusting};

async fn reply(method: Method, status: &'static str, body: &str) -> Reply {
    let upstream = Upstream::start();
    let answer = Behaviour::Answer(status, String::new(), body.to_owned());
    upstream.on("/", answer);
    let call = client(&upstream).call(method, "/");
    call.send().await.unwrap()
}

#[tokio::test]
async fn an_empty_body_is_read_by_types_that_may_be_nothing() {
    for (method, status) in [
        (Method::DELETE, "204 No Content"),
        (Method::POST, "205 Reset Content"),
        (Method::GET, "200 OK"),
        (Method::PUT, "201 Created"),
        (Method::HEAD, "200 OK"),
    ] {
        let reply = reply(method.clone(), status, "").await;
        reply.json::<()>().unwrap();
        reply.json::<NoContent>().unwrap();
        assert_eq!(reply.json::<Option<i64>>().unwrap(), None, "{method}");
        assert_eq!(reply.json::<Value>().unwrap(), Value::Null, "{method}");
        let error = reply.json::<i64>().unwrap_err();
        assert!(matches!(error, ClientError::Decode(_)), "{error:?}");
        assert!(reply.json::<String>().is_err(), "{method}");
        assert!(reply.json::<Vec<i64>>().is_err(), "{method}");
    }
}

#[tokio::test]
async fn a_body_that_is_there_is_read_as_it_is() {
    for (body, number) in [("1", Some(1)), ("null", None)] {
        let reply = reply(Method::GET, "200 OK", body).await;
        assert_eq!(reply.json::<Option<i64>>().unwrap(), number);
    }
    // Neither is nothing.
    for body in [" ", "{}", "1"] {
        let reply = reply(Method::GET, "200 OK", body).await;
        assert!(reply.json::<()>().is_err(), "{body:?}");
    }
}

#[tokio::test]
async fn the_length_that_a_head_announces_is_not_read_over_http1() {
    let gigabyte = "HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 1024]).await.unwrap() > 0);
        stream.write_all(gigabyte.as_bytes()).await.unwrap();
        stream
    };
    let client = Client::new(&format!("http://{address}")).unwrap();
    let head = client.call(Method::HEAD, "/").fetch::<()>();
    let (outcome, _stream) = tokio::join!(head, server);
    outcome.unwrap();
}

#[test]
fn the_length_that_a_head_announces_is_not_read_over_http2() {
    const NAME: &str = "empty::the_length_that_a_head_announces_is_not_read_over_http2";
    trusting(NAME, async {
        let upstream = Http2Upstream::start([AnswersHead]).await;
        let reply = upstream.client().call(Method::HEAD, "/").send().await;
        let reply = reply.unwrap();
        assert_eq!(reply.headers()["content-length"], "1073741824");
        reply.json::<()>().unwrap();
    });
}
