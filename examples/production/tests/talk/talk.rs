//! HTTP/1.1 and `WebSockets` by hand, over any stream.

use std::io::{Read, Write};

use resourceful_test_parts::HttpResponse;

/// Sends one request on a new connection. `headers` are whole lines; without a `Host` at their start,
/// the host is `example.org`.
pub(crate) fn ask(
    mut stream: impl Read + Write,
    request: &str,
    headers: &str,
    body: &[u8],
) -> HttpResponse {
    let host = host_for(headers);
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\n{host}Connection: close\r\n{headers}Content-Length: {length}\r\n\r\n"
    )
    .unwrap();
    // A server that rejects a body may not read it.
    let _ = stream.write_all(body);
    HttpResponse::read(stream)
}

/// Sends a request whose response continues. Returns its status, and the connection after its head.
pub(crate) fn open<S: Read + Write>(mut stream: S, request: &str, headers: &str) -> (u16, S) {
    let host = host_for(headers);
    write!(stream, "{request} HTTP/1.1\r\n{host}{headers}\r\n").unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    (head[9..12].parse().unwrap(), stream)
}

pub(crate) fn header<'a>(response: &'a HttpResponse, name: &str) -> &'a str {
    let mut fields = response
        .head
        .lines()
        .filter_map(|line| line.split_once(": "));
    let field = fields.find(|(field, _)| field.eq_ignore_ascii_case(name));
    field
        .unwrap_or_else(|| panic!("{name} in {}", response.head))
        .1
}

/// Sends a short text frame over a WebSocket, masked with zeros.
pub(crate) fn send(socket: &mut impl Write, text: &str) {
    let length = u8::try_from(text.len()).unwrap();
    assert!(length < 126);
    let frame = [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat();
    socket.write_all(&frame).unwrap();
}

/// Reads the next short frame. Returns its opcode (1: text, 8: close) and its content.
pub(crate) fn receive(socket: &mut impl Read) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    socket.read_exact(&mut head).unwrap();
    let mut content = vec![0; usize::from(head[1])];
    socket.read_exact(&mut content).unwrap();
    (head[0] & 0xF, content)
}

fn host_for(headers: &str) -> &'static str {
    if headers.starts_with("Host: ") {
        ""
    } else {
        "Host: example.org\r\n"
    }
}
