//! Starts the example as an operator would, behind a real nginx, and sends requests to it.

// A missing program or file fails the test.
#![allow(clippy::unwrap_used)]

mod away;
mod collector;
mod deployment;
mod example;
mod nginx;
mod replicas;
mod talk;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::Command;

use resourceful_test_parts::HttpResponse;
use serde_json::{Value, json};

use self::collector::{Collector, attribute};
use self::example::{Example, TIMEOUT, eventually};
use self::nginx::Nginx;
use self::talk::{ask, header, open};

#[test]
fn the_client_address_is_known_behind_nginx() {
    let example = Example::on_a_unix_socket(&[]);
    let nginx = Nginx::before(&example.socket());
    let caller = |headers: &str| -> Value {
        let response = ask(nginx.connect(), "GET /whoami", headers, b"");
        serde_json::from_str(&response.body).unwrap()
    };
    let expected = json!({"client": "127.0.0.1", "scheme": "http", "host": "example.org"});
    assert_eq!(caller(""), expected);
    let forged = "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n\
                X-Forwarded-Host: localhost\r\n";
    assert_eq!(caller(forged), expected);
    // The header fields of an nginx that terminates TLS, without nginx.
    let forwarded = "X-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n";
    let response = ask(example.connect(), "GET /whoami", forwarded, b"");
    let caller = json!({"client": "198.51.100.1", "scheme": "https", "host": "example.org"});
    assert_eq!(
        serde_json::from_str::<Value>(&response.body).unwrap(),
        caller,
        "{response:?}"
    );
}

#[test]
fn an_unknown_host_is_rejected() {
    let example = Example::on_a_unix_socket(&[]);
    let nginx = Nginx::before(&example.socket());
    let response = ask(nginx.connect(), "GET /whoami", "Host: example.net\r\n", b"");
    assert_eq!(response.status, 400);
    assert!(response.body.contains("This host is not served here."));
    let metrics = example.metrics();
    assert!(metrics.contains("http_server_refused{reason=\"host\"} 1\n"));
}

#[test]
fn nginx_does_not_delay_events_and_websockets() {
    let example = Example::on_a_unix_socket(&["SHUTDOWN_DELAY=0"]);
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
    // Each event arrives while the stream is open, before the next one is sent.
    for text in ["one", "two"] {
        let note = json!({ "text": text }).to_string();
        let json = "Content-Type: application/json\r\n";
        let response = ask(nginx.connect(), "POST /notes", json, note.as_bytes());
        assert_eq!(response.status, 201);
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
        talk::send(&mut socket, r#"{"text": "hello"}"#);
        let (kind, id) = talk::receive(&mut socket);
        assert_eq!((kind, id[0]), (1, b'"'));
        assert_eq!(next_event().trim_end(), "data: hello");
    }

    // At shutdown both end, the WebSocket with 1001.
    example.signal("-TERM");
    let (kind, frame) = talk::receive(&mut socket);
    assert_eq!((kind, &frame[..2]), (8, &1001_u16.to_be_bytes()[..]));
    drop(socket);
    example.wait_for(|line| line["message"] == "stopped");
    example.exits_well();
}

#[test]
fn uploads_are_written_to_disk() {
    let example = Example::on_a_unix_socket(&[]);
    let nginx = Nginx::before(&example.socket());
    let content: Vec<u8> = (0..=250_u8).cycle().take(3 << 20).collect();
    let response = ask(nginx.connect(), "PUT /files/7", "", &content);
    assert_eq!(response.body, r#"{"bytes":3145728}"#);
    assert!(fs::read(example.uploads().join("7")).unwrap() == content);

    // An interrupted upload leaves no file.
    let mut half = nginx.connect();
    write!(
        half,
        "PUT /files/8 HTTP/1.1\r\nHost: example.org\r\nContent-Length: 9\r\n\r\nhalf"
    )
    .unwrap();
    eventually("the upload begins", || example.uploaded().len() == 2);
    drop(half);
    eventually("the rest is removed", || example.uploaded() == ["7"]);

    // On other paths nginx allows only the application's maximum.
    let response = ask(nginx.connect(), "POST /notes", "", &content);
    assert_eq!(response.status, 413);

    let ready = || ask(example.connect(), "GET /readyz", "", b"");
    assert_eq!(ready().status, 200);
    fs::remove_dir_all(example.uploads()).unwrap();
    let response = ready();
    assert_eq!(response.status, 503);
    assert!(
        response.body.contains("Failing checks: uploads."),
        "{response:?}"
    );
}

#[test]
fn each_request_has_a_log_line_metrics_and_a_span() {
    let collector = Collector::start();
    let endpoint = format!("OTEL_EXPORTER_OTLP_ENDPOINT={}", collector.url);
    let name = "OTEL_SERVICE_NAME=notes";
    let example = Example::on_a_unix_socket(&[&endpoint, name, "SHUTDOWN_DELAY=0"]);
    let nginx = Nginx::before(&example.socket());
    for path in ["/livez", "/readyz"] {
        assert_eq!(
            ask(nginx.connect(), &format!("GET {path}"), "", b"").status,
            200
        );
    }
    let response = ask(
        nginx.connect(),
        "GET /notes/17",
        "X-Request-Id: mine\r\n",
        b"",
    );
    assert_eq!(response.status, 404);
    let id = header(&response, "x-request-id");

    let line = example.wait_for(|line| line["span"]["id"] == id);
    assert_eq!(line["span"]["method"], "GET");
    assert_eq!(line["span"]["route"], "/notes/{id}");
    assert_eq!(line["span"]["path"], "/notes/17");
    assert_eq!(line["status"], 404);
    assert_eq!(line["bytes"], response.body.len());
    assert!(line["microseconds"].is_u64());
    let lines = example.lines();
    let requests = lines.iter().filter(|line| line["status"].is_u64());
    assert_eq!(requests.count(), 1, "{lines:?}");

    let metrics = example.metrics();
    let labels = "http_request_method=\"GET\",http_route=\"/notes/{id}\",\
                  http_response_status_code=\"404\"";
    for metric in [
        format!("http_server_requests{{{labels}}} 1\n"),
        format!("http_server_request_duration_count{{{labels}}} 1\n"),
        format!("http_server_request_duration_bucket{{{labels},le=\"10\"}} 1\n"),
    ] {
        assert!(metrics.contains(&metric), "{metric} in {metrics}");
    }
    assert!(!metrics.contains("livez") && !metrics.contains("readyz"));
    assert_eq!(ask(nginx.connect(), "GET /metrics", "", b"").status, 404);

    // The remaining spans are sent at shutdown.
    example.signal("-TERM");
    example.exits_well();
    for (key, value) in [
        ("service.name", "notes"),
        ("route", "/notes/{id}"),
        ("id", id),
    ] {
        assert!(collector.contains(&attribute(key, value)), "{key}={value}");
    }
}

/// Each metric that the dashboard shows is there.
#[test]
fn the_dashboard_shows_metrics_that_exist() {
    let example = Example::on_a_unix_socket(&[]);
    let body = br#"{"text": "one"}"#;
    let json = "Content-Type: application/json\r\n";
    assert_eq!(
        ask(example.connect(), "POST /notes", json, body).status,
        201
    );
    let unknown = ask(
        example.connect(),
        "GET /notes",
        "Host: example.net\r\n",
        b"",
    );
    assert_eq!(unknown.status, 400);
    let dashboard: Value =
        serde_json::from_str(include_str!("../../deploy/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    let expressions = targets.map(|target| target["expr"].as_str().unwrap());
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = expressions.flat_map(|expression| expression.split(|letter| !is_of_name(letter)));
    let prefixes = ["http_server_", "outbox_", "db_client_"];
    let names = words.filter(|word| prefixes.iter().any(|prefix| word.starts_with(prefix)));
    let names: Vec<_> = names.collect();
    assert!(names.len() > 10, "{names:?}");
    // Those of PostgreSQL and of conflicts are not there with SQLite.
    let of_postgres = [
        "db_client_connection_count",
        "db_client_connection_state",
        "db_client_retries",
    ];
    for name in names.into_iter().filter(|name| !of_postgres.contains(name)) {
        eventually(name, || example.metrics().contains(name));
    }
}

#[test]
fn a_shutdown_loses_no_request() {
    let example = Example::on_a_unix_socket(&["SHUTDOWN_DELAY=3"]);
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
    eventually("readyz returns 503", || status("/readyz") == 503);
    // It still serves clients that have not noticed.
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
    example.exits_well();
    assert!(!socket.exists());
}

#[test]
fn systemd_passes_the_socket_and_gets_notifications() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("production.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let notices = directory.path().join("notify");
    let notified = UnixDatagram::bind(&notices).unwrap();
    notified.set_read_timeout(Some(TIMEOUT)).unwrap();
    let next_notice = || {
        let mut text = [0; 100];
        let length = notified.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..length])
            .trim_end()
            .to_owned()
    };
    let start = || {
        let notices = notices.to_str().unwrap();
        Example::on_a_passed_socket(&listener, &[("NOTIFY_SOCKET", notices)])
    };
    let whoami = || UnixStream::connect(&path).unwrap();

    let example = start();
    assert_eq!(next_notice(), "READY=1");
    assert_eq!(ask(whoami(), "GET /whoami", "", b"").status, 200);
    example.signal("-TERM");
    while next_notice() != "STOPPING=1" {}
    example.exits_well();

    // A connection during the restart waits.
    let mut waiting = whoami();
    write!(
        waiting,
        "GET /livez HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let example = start();
    assert_eq!(HttpResponse::read(waiting).status, 200);
    example.signal("-TERM");
    example.exits_well();
}

#[test]
fn it_also_listens_on_tcp() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_production"));
    let example = Example::start(command.env("BIND", "127.0.0.1:0"));
    let bound = example.wait_for(|line| line["message"] == "bound");
    let stream = TcpStream::connect(bound["public"].as_str().unwrap()).unwrap();
    // This proxy is not trusted.
    let response = ask(
        stream,
        "GET /whoami",
        "X-Forwarded-For: 198.51.100.1\r\n",
        b"",
    );
    assert!(
        response.body.contains(r#""client":"127.0.0.1""#),
        "{response:?}"
    );
}
