//! Starts the example as an operator would, behind a real nginx, and talks to it.

// What cannot be had fails the test.
#![allow(clippy::unwrap_used)]

mod collector;
mod example;
mod nginx;
mod talk;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Stdio};

use resourceful_test_parts::HttpResponse;
use serde_json::{Value, json};

use self::collector::{Collector, attribute};
use self::example::{Example, PATIENCE, eventually};
use self::nginx::Nginx;
use self::talk::{ask, header, open};

#[test]
fn behind_nginx_it_knows_who_asks() {
    let example = Example::on_a_unix_socket(&[]);
    let nginx = Nginx::before(&example.socket());
    let caller = |headers: &str| -> Value {
        let answer = ask(nginx.connect(), "GET /whoami", headers, b"");
        serde_json::from_str(&answer.body).unwrap()
    };
    let truth = json!({"client": "127.0.0.1", "scheme": "http", "host": "example.org"});
    assert_eq!(caller(""), truth);
    let lies = "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n\
                X-Forwarded-Host: localhost\r\n";
    assert_eq!(caller(lies), truth);
    // Without nginx, what nginx says: TLS ends there.
    let said = "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n";
    let answer = ask(example.connect(), "GET /whoami", said, b"");
    let caller = json!({"client": "198.51.100.1", "scheme": "https", "host": "example.org"});
    assert_eq!(
        serde_json::from_str::<Value>(&answer.body).unwrap(),
        caller,
        "{answer:?}"
    );
}

#[test]
fn a_foreign_host_is_refused() {
    let example = Example::on_a_unix_socket(&[]);
    let nginx = Nginx::before(&example.socket());
    let answer = ask(nginx.connect(), "GET /whoami", "Host: example.net\r\n", b"");
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("This host is not served here."));
    let metrics = example.metrics();
    assert!(metrics.contains("http_server_refused{reason=\"host\"} 1\n"));
}

#[test]
fn events_and_sockets_pass_through_nginx_as_things_happen() {
    let example = Example::on_a_unix_socket(&["DRAIN_DELAY=0"]);
    let nginx = Nginx::before(&example.socket());
    let (status, events) = open(nginx.connect(), "GET /events", "");
    assert_eq!(status, 200);
    let mut events = BufReader::new(events);
    let mut next_event = || {
        let mut line = String::new();
        while !line.starts_with("data: ") {
            line.clear();
            assert!(events.read_line(&mut line).unwrap() > 0, "no more events");
        }
        line
    };
    // Each comes while the stream is open, and before there is a next one.
    for text in ["one", "two"] {
        let note = json!({ "text": text }).to_string();
        let json = "Content-Type: application/json\r\n";
        let answer = ask(nginx.connect(), "POST /notes", json, note.as_bytes());
        assert_eq!(answer.status, 201);
        assert_eq!(next_event().trim_end(), format!("data: {text}"));
    }

    let shake_hands = |origin: &str| {
        let headers = format!(
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: {origin}\r\n"
        );
        open(nginx.connect(), "GET /talk", &headers)
    };
    assert_eq!(shake_hands("http://example.net").0, 403);
    let (status, mut socket) = shake_hands("http://example.org");
    assert_eq!(status, 101);
    for _ in 0..2 {
        talk::say(&mut socket, r#"{"text": "hello"}"#);
        assert_eq!(talk::hear(&mut socket), (1, b"1".to_vec()));
        assert_eq!(next_event().trim_end(), "data: hello");
    }

    // At a stop both end: the socket with 1001.
    example.signal("-TERM");
    let (kind, frame) = talk::hear(&mut socket);
    assert_eq!((kind, &frame[..2]), (8, &1001_u16.to_be_bytes()[..]));
    drop(socket);
    example.wait_for(|line| line["message"] == "stopped");
    example.ends_well();
}

#[test]
fn files_go_to_disk() {
    let example = Example::on_a_unix_socket(&[]);
    let nginx = Nginx::before(&example.socket());
    let content: Vec<u8> = (0..=250_u8).cycle().take(3 << 20).collect();
    let answer = ask(nginx.connect(), "PUT /files/7", "", &content);
    assert_eq!(answer.body, r#"{"bytes":3145728}"#);
    assert!(fs::read(example.uploads().join("7")).unwrap() == content);

    // One that breaks off leaves nothing.
    let mut half = nginx.connect();
    write!(
        half,
        "PUT /files/8 HTTP/1.1\r\nHost: example.org\r\nContent-Length: 9\r\n\r\nhalf"
    )
    .unwrap();
    eventually("the upload begins", || example.uploaded().len() == 2);
    drop(half);
    eventually("the rest is removed", || example.uploaded() == ["7"]);

    // nginx reads no more than we do elsewhere.
    let answer = ask(nginx.connect(), "POST /notes", "", &content);
    assert_eq!(answer.status, 413);

    let ready = || ask(example.connect(), "GET /readyz", "", b"");
    assert_eq!(ready().status, 200);
    fs::remove_dir_all(example.uploads()).unwrap();
    let answer = ready();
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("Not there: uploads."), "{answer:?}");
}

#[test]
fn a_request_is_a_line_a_number_and_a_span() {
    let collector = Collector::start();
    let endpoint = format!("OTEL_EXPORTER_OTLP_ENDPOINT={}", collector.url);
    let name = "OTEL_SERVICE_NAME=notes";
    let example = Example::on_a_unix_socket(&[&endpoint, name, "DRAIN_DELAY=0"]);
    let nginx = Nginx::before(&example.socket());
    for path in ["/livez", "/readyz"] {
        assert_eq!(
            ask(nginx.connect(), &format!("GET {path}"), "", b"").status,
            200
        );
    }
    let answer = ask(
        nginx.connect(),
        "GET /notes/17",
        "X-Request-Id: mine\r\n",
        b"",
    );
    assert_eq!(answer.status, 404);
    let id = header(&answer, "x-request-id");

    let line = example.wait_for(|line| line["span"]["id"] == id);
    assert_eq!(line["span"]["method"], "GET");
    assert_eq!(line["span"]["route"], "/notes/{id}");
    assert_eq!(line["span"]["path"], "/notes/17");
    assert_eq!(line["status"], 404);
    assert_eq!(line["bytes"], answer.body.len());
    assert!(line["microseconds"].is_u64());
    let lines = example.lines();
    let answers = lines.iter().filter(|line| line["status"].is_u64());
    assert_eq!(answers.count(), 1, "{lines:?}");

    let metrics = example.metrics();
    let labels = "http_request_method=\"GET\",http_route=\"/notes/{id}\",\
                  http_response_status_code=\"404\"";
    for number in [
        format!("http_server_requests{{{labels}}} 1\n"),
        format!("http_server_request_duration_count{{{labels}}} 1\n"),
        format!("http_server_request_duration_bucket{{{labels},le=\"10\"}} 1\n"),
    ] {
        assert!(metrics.contains(&number), "{number} in {metrics}");
    }
    assert!(!metrics.contains("livez") && !metrics.contains("readyz"));
    assert_eq!(ask(nginx.connect(), "GET /metrics", "", b"").status, 404);

    // What was not sent yet is sent at the end.
    example.signal("-TERM");
    example.ends_well();
    for (key, value) in [
        ("service.name", "notes"),
        ("route", "/notes/{id}"),
        ("id", id),
    ] {
        assert!(collector.has_got(&attribute(key, value)), "{key}={value}");
    }
}

#[test]
fn no_request_is_lost_when_it_stops() {
    let example = Example::on_a_unix_socket(&["DRAIN_DELAY=3"]);
    let socket = example.socket();
    let nginx = Nginx::before(&socket);
    let content = vec![b'x'; 1 << 20];
    let mut upload = nginx.connect();
    write!(
        upload,
        "PUT /files/1 HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n",
        content.len()
    )
    .unwrap();
    upload.write_all(&content[..1000]).unwrap();
    eventually("the upload begins", || example.uploaded().len() == 1);

    example.signal("-TERM");
    let status = |path| ask(nginx.connect(), &format!("GET {path}"), "", b"").status;
    eventually("it says that it stops", || status("/readyz") == 503);
    // It is still there for those who have not noticed.
    for _ in 0..50 {
        assert_eq!((status("/livez"), status("/whoami")), (200, 200));
    }
    let is_draining = |line: &Value| line["message"] == "draining";
    assert!(!example.lines().iter().any(is_draining), "it was too slow");

    example.wait_for(is_draining);
    assert!(UnixStream::connect(&socket).is_err());
    upload.write_all(&content[1000..]).unwrap();
    assert_eq!(HttpResponse::read(upload).body, r#"{"bytes":1048576}"#);
    assert!(fs::read(example.uploads().join("1")).unwrap() == content);
    example.ends_well();
    assert!(!socket.exists());
}

#[test]
fn systemd_hands_over_the_socket_and_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("production.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let notices = directory.path().join("notify");
    let notified = UnixDatagram::bind(&notices).unwrap();
    notified.set_read_timeout(Some(PATIENCE)).unwrap();
    let next_notice = || {
        let mut text = [0; 100];
        let length = notified.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..length])
            .trim_end()
            .to_owned()
    };
    // What systemd does: the socket is descriptor 3. Programs started here get it as their input.
    let start = || {
        let script = "export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" 3<&0 </dev/null";
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_production")]);
        let input = OwnedFd::from(listener.try_clone().unwrap());
        command.stdin(Stdio::from(input));
        command
            .env("NOTIFY_SOCKET", &notices)
            .env("DRAIN_DELAY", "0");
        Example::start(&mut command)
    };
    let whoami = || UnixStream::connect(&path).unwrap();

    let example = start();
    assert_eq!(next_notice(), "READY=1");
    assert_eq!(ask(whoami(), "GET /whoami", "", b"").status, 200);
    example.signal("-TERM");
    while next_notice() != "STOPPING=1" {}
    example.ends_well();

    // Nobody is turned away while it restarts.
    let mut waiting = whoami();
    write!(
        waiting,
        "GET /livez HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let example = start();
    assert_eq!(HttpResponse::read(waiting).status, 200);
    example.signal("-TERM");
    example.ends_well();
}

#[test]
fn it_listens_on_tcp_too() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_production"));
    let example = Example::start(command.env("BIND", "127.0.0.1:0"));
    let bound = example.wait_for(|line| line["message"] == "bound");
    let stream = TcpStream::connect(bound["public"].as_str().unwrap()).unwrap();
    // This proxy is not believed.
    let answer = ask(
        stream,
        "GET /whoami",
        "X-Forwarded-For: 198.51.100.1\r\n",
        b"",
    );
    assert!(
        answer.body.contains(r#""client":"127.0.0.1""#),
        "{answer:?}"
    );
}
