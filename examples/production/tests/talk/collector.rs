//! The part of an OpenTelemetry collector that these tests need.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

pub(crate) struct Collector {
    pub(crate) url: String,
    bodies: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let collector = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            bodies: Arc::default(),
        };
        let bodies = Arc::clone(&collector.bodies);
        thread::spawn(move || {
            for stream in listener.incoming() {
                // Stored before the response: a client that has the response finds its spans here.
                let stream = stream.unwrap();
                bodies.lock().unwrap().push(read(&stream));
                let response = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                (&stream).write_all(response.as_bytes()).unwrap();
            }
        });
        collector
    }

    pub(crate) fn contains(&self, bytes: &[u8]) -> bool {
        let bodies = self.bodies.lock().unwrap();
        let mut windows = bodies.iter().flat_map(|body| body.windows(bytes.len()));
        windows.any(|window| window == bytes)
    }
}

fn read(stream: &TcpStream) -> Vec<u8> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(stream.read_line(&mut head).unwrap() > 0, "{head}");
    }
    assert!(head.starts_with("POST /v1/traces "), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/x-protobuf"));
    let length = head.split("content-length: ").nth(1).unwrap();
    let length = length.lines().next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    body
}

/// An attribute as protobuf writes it: `KeyValue { key: 1, value: 2 AnyValue { string: 1 } }`.
pub(crate) fn attribute(key: &str, value: &str) -> Vec<u8> {
    let field = |number: u8, content: &[u8]| {
        let length = u8::try_from(content.len()).unwrap();
        assert!(length < 128);
        [&[number << 3 | 2, length], content].concat()
    };
    let value = field(2, &field(1, value.as_bytes()));
    [field(1, key.as_bytes()), value].concat()
}
