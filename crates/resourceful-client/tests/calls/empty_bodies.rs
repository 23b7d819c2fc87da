//! Responses without a body.

use http::Method;
use resourceful::NoContent;
use resourceful_client::{Client, ClientError, ClientResponse};
use resourceful_test_parts::{Behaviour, Upstream};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::client;
use crate::http2_upstream::Connection::AnswersHead;
use crate::http2_upstream::{Http2Upstream, trusting};

async fn response(method: Method, status: &'static str, body: &str) -> ClientResponse {
    let upstream = Upstream::start();
    let response = Behaviour::Respond(status, String::new(), body.to_owned());
    upstream.on("/", response);
    let call = client(&upstream).call(method, "/");
    call.send().await.unwrap()
}

#[tokio::test]
async fn an_empty_body_deserializes_as_null() {
    for (method, status) in [
        (Method::DELETE, "204 No Content"),
        (Method::POST, "205 Reset Content"),
        (Method::GET, "200 OK"),
        (Method::PUT, "201 Created"),
        (Method::HEAD, "200 OK"),
    ] {
        let response = response(method.clone(), status, "").await;
        response.json::<()>().unwrap();
        response.json::<NoContent>().unwrap();
        assert_eq!(response.json::<Option<i64>>().unwrap(), None, "{method}");
        assert_eq!(response.json::<Value>().unwrap(), Value::Null, "{method}");
        let error = response.json::<i64>().unwrap_err();
        assert!(matches!(error, ClientError::Decode(_)), "{error:?}");
        assert!(response.json::<String>().is_err(), "{method}");
        assert!(response.json::<Vec<i64>>().is_err(), "{method}");
    }
}

#[tokio::test]
async fn other_bodies_are_not_replaced_by_null() {
    for (body, number) in [("1", Some(1)), ("null", None)] {
        let response = response(Method::GET, "200 OK", body).await;
        assert_eq!(response.json::<Option<i64>>().unwrap(), number);
    }
    // None of these is `null`.
    for body in [" ", "{}", "1"] {
        let response = response(Method::GET, "200 OK", body).await;
        assert!(response.json::<()>().is_err(), "{body:?}");
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
    let (result, _stream) = tokio::join!(head, server);
    result.unwrap();
}

#[test]
fn the_length_that_a_head_announces_is_not_read_over_http2() {
    const NAME: &str = "empty_bodies::the_length_that_a_head_announces_is_not_read_over_http2";
    trusting(NAME, async {
        let upstream = Http2Upstream::start([AnswersHead]).await;
        let response = upstream.client().call(Method::HEAD, "/").send().await;
        let response = response.unwrap();
        assert_eq!(response.headers()["content-length"], "1073741824");
        response.json::<()>().unwrap();
    });
}
