//! Starts the example and talks to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

#[test]
fn it_creates_lists_refuses_and_stops() {
    let mut example = Command::new(env!("CARGO_BIN_EXE_hello"))
        .env("BIND", "127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(example.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let address = line.trim().strip_prefix("Listening on http://").unwrap();
    let ask = |method: &str, path: &str, body: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };

    let created = ask("POST", "/posts", r#"{"title": "Hello"}"#);
    assert!(
        created.starts_with("HTTP/1.1 201 ") && created.ends_with(r#"{"id":1,"title":"Hello"}"#)
    );
    assert!(ask("GET", "/posts?page=1", "").contains(r#""posts":[{"id":1,"title":"Hello"}]"#));
    assert!(ask("POST", "/posts", r#"{"title": ""}"#).contains("#/title"));
    assert!(ask("DELETE", "/posts/1", "").starts_with("HTTP/1.1 204 "));
    assert!(ask("GET", "/posts/1", "").starts_with("HTTP/1.1 405 "));

    let id = example.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert!(example.wait().unwrap().success());
}
