//! HTTP/2 as RFC 9113 has it: what breaks it ends the stream or the connection, with a code. After
//! h2spec, whose sections these are.

use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;

use super::http2::{PREFACE, frame, get, goaway};
use super::{Raw, start};
use crate::fixture::app;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const WITH_PRIORITY: u8 = 32;

/// Literal fields without indexing, names as they are (RFC 7541 section 6.2.2).
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.bytes());
        }
    }
    block
}

const REQUEST: [(&str, &str); 4] = [
    (":method", "GET"),
    (":scheme", "http"),
    (":path", "/posts/1"),
    (":authority", "x"),
];

/// A whole request on stream 1 with these fields.
fn asking(fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, 1, &block(fields))
}

fn with(field: (&'static str, &'static str)) -> Vec<u8> {
    asking(&[&REQUEST[..], &[field]].concat())
}

/// What ends the stream 1, or the connection.
#[derive(Debug, PartialEq)]
enum End {
    Stream,
    Connection,
    /// The answer came.
    Answered,
    /// It hangs.
    Nothing,
    /// Nothing of the kind: a PING that was sent after it is answered.
    Ignored,
}

async fn end_of(frames: &[u8]) -> End {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    let ping = frame(PING, 0, 0, b"the ping");
    raw.send([PREFACE, &frame(SETTINGS, 0, 0, &[]), frames, &ping].concat())
        .await;
    let mut seen = Vec::new();
    let mut patience = Duration::from_secs(5);
    loop {
        match timeout(patience, raw.0.read_buf(&mut seen)).await {
            Ok(count) if count.as_ref().is_ok_and(|count| *count > 0) => {}
            Ok(_) => return End::Connection,
            Err(_) if is_pinged(&seen) => return End::Ignored,
            Err(_) => return End::Nothing,
        }
        if goaway(&seen).is_some() {
            return End::Connection;
        }
        for (kind, _, stream) in frames_of(&seen) {
            match (kind, stream) {
                (RST_STREAM, 1..) => return End::Stream,
                (HEADERS, 1) => return End::Answered,
                _ => {}
            }
        }
        if is_pinged(&seen) {
            // An error of a stream may come after the answer to the ping.
            patience = Duration::from_millis(100);
        }
    }
}

fn is_pinged(seen: &[u8]) -> bool {
    frames_of(seen).any(|(kind, flags, _)| (kind, flags) == (PING, ACK))
}

/// The type, the flags and the last byte of the stream of each.
fn frames_of(mut seen: &[u8]) -> impl Iterator<Item = (u8, u8, u8)> {
    std::iter::from_fn(move || {
        let head = seen.get(..9)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        seen = seen.get(9 + length..).unwrap_or_default();
        Some((head[3], head[4], head[8]))
    })
}

#[tokio::test]
async fn what_breaks_the_rfc_is_ended() {
    let mut wrong = Vec::new();
    for (section, frames, expected) in cases() {
        let end = end_of(&frames).await;
        // Whoever may end a stream may end the connection (RFC 9113 section 5.4).
        let is_right = end == expected || (expected == End::Stream && end == End::Connection);
        if !is_right {
            wrong.push(format!("{section}: {end:?}, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn a_preface_that_is_none_is_no_http2() {
    let running = start(app()).await;
    let mut raw = Raw::connect(running.address).await;
    raw.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n").await;
    let answer = raw.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
}

/// (the section, what is sent, what has to come of it)
#[expect(clippy::too_many_lines, reason = "it is a table")]
fn cases() -> Vec<(&'static str, Vec<u8>, End)> {
    let large = vec![0; 16_385];
    vec![
        ("3.4 a request", get(1, "/posts/1"), End::Answered),
        (
            "4.1 an unknown frame is ignored",
            frame(0xfe, 0, 0, b"x"),
            End::Ignored,
        ),
        (
            "4.1 reserved bits and flags are ignored",
            frame(PING, 0xfe, 0, &[0; 8]),
            End::Ignored,
        ),
        (
            "4.2 a frame that is too large",
            frame(DATA, 0, 1, &large),
            End::Connection,
        ),
        (
            "4.3 a block that cannot be decoded",
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff; 8]),
            End::Connection,
        ),
        (
            "5.1 DATA on an idle stream",
            frame(DATA, 0, 1, b"x"),
            End::Connection,
        ),
        (
            "5.1 RST_STREAM on an idle stream",
            frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]),
            End::Connection,
        ),
        (
            "5.1 WINDOW_UPDATE on an idle stream",
            frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 9]),
            End::Connection,
        ),
        (
            "5.1 CONTINUATION on an idle stream",
            frame(CONTINUATION, END_HEADERS, 1, &[]),
            End::Connection,
        ),
        (
            "5.1.1 an even stream",
            frame(HEADERS, END_HEADERS | END_STREAM, 2, &block(&REQUEST)),
            End::Connection,
        ),
        (
            "5.1.1 a stream below the last",
            [get(5, "/posts/1"), get(3, "/posts/1")].concat(),
            End::Connection,
        ),
        (
            "6.1 DATA on stream 0",
            frame(DATA, 0, 0, b"x"),
            End::Connection,
        ),
        (
            "6.1 padding longer than the frame",
            [
                frame(HEADERS, END_HEADERS, 1, &block(&REQUEST)),
                frame(DATA, PADDED | END_STREAM, 1, &[9, 0]),
            ]
            .concat(),
            End::Connection,
        ),
        (
            "6.2 HEADERS on stream 0",
            frame(HEADERS, END_HEADERS | END_STREAM, 0, &block(&REQUEST)),
            End::Connection,
        ),
        (
            "6.2 another frame before CONTINUATION",
            [
                frame(HEADERS, END_STREAM, 1, &block(&REQUEST)),
                frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 1]),
            ]
            .concat(),
            End::Connection,
        ),
        (
            "6.3 PRIORITY on stream 0",
            frame(PRIORITY, 0, 0, &[0, 0, 0, 1, 1]),
            End::Connection,
        ),
        (
            "6.3 PRIORITY of another length",
            [
                frame(HEADERS, END_HEADERS, 1, &block(&REQUEST)),
                frame(PRIORITY, 0, 1, &[0; 4]),
            ]
            .concat(),
            End::Connection,
        ),
        (
            "5.3.1 a stream that depends on itself",
            frame(
                HEADERS,
                END_HEADERS | END_STREAM | WITH_PRIORITY,
                1,
                &[&[0, 0, 0, 1, 9], &block(&REQUEST)[..]].concat(),
            ),
            End::Stream,
        ),
        (
            "6.4 RST_STREAM on stream 0",
            frame(RST_STREAM, 0, 0, &[0; 4]),
            End::Connection,
        ),
        (
            "6.4 RST_STREAM of another length",
            [
                frame(HEADERS, END_HEADERS, 1, &block(&REQUEST)),
                frame(RST_STREAM, 0, 1, &[0; 3]),
            ]
            .concat(),
            End::Connection,
        ),
        (
            "6.5 SETTINGS with ACK and content",
            frame(SETTINGS, ACK, 0, &[0, 1, 0, 0, 0, 0]),
            End::Connection,
        ),
        (
            "6.5 SETTINGS on a stream",
            frame(SETTINGS, 0, 1, &[]),
            End::Connection,
        ),
        (
            "6.5 SETTINGS of another length",
            frame(SETTINGS, 0, 0, &[0; 3]),
            End::Connection,
        ),
        (
            "6.5.2 ENABLE_PUSH of 2",
            frame(SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 2]),
            End::Connection,
        ),
        (
            "6.5.2 a window that is too large",
            frame(SETTINGS, 0, 0, &[0, 4, 0x80, 0, 0, 0]),
            End::Connection,
        ),
        (
            "6.5.2 a frame size that is too small",
            frame(SETTINGS, 0, 0, &[0, 5, 0, 0, 0x3f, 0xff]),
            End::Connection,
        ),
        (
            "6.5.2 an unknown setting is ignored",
            frame(SETTINGS, 0, 0, &[0, 0xff, 0, 0, 0, 1]),
            End::Ignored,
        ),
        (
            "6.6 PUSH_PROMISE of a client",
            frame(PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2]),
            End::Connection,
        ),
        (
            "6.7 PING on a stream",
            frame(PING, 0, 1, &[0; 8]),
            End::Connection,
        ),
        (
            "6.7 PING of another length",
            frame(PING, 0, 0, &[0; 6]),
            End::Connection,
        ),
        (
            "6.8 GOAWAY on a stream",
            frame(GOAWAY, 0, 1, &[0; 8]),
            End::Connection,
        ),
        (
            "6.9 WINDOW_UPDATE of 0",
            frame(WINDOW_UPDATE, 0, 0, &[0; 4]),
            End::Connection,
        ),
        (
            "6.9 WINDOW_UPDATE of another length",
            frame(WINDOW_UPDATE, 0, 0, &[0; 3]),
            End::Connection,
        ),
        (
            "6.9.1 a window over its limit",
            frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff]),
            End::Connection,
        ),
        (
            "6.10 CONTINUATION after the end",
            [get(1, "/posts/1"), frame(CONTINUATION, END_HEADERS, 1, &[])].concat(),
            End::Connection,
        ),
        (
            "8.2.1 a name in upper case",
            with(("X-Upper", "x")),
            End::Stream,
        ),
        (
            "8.2.2 Connection",
            with(("connection", "keep-alive")),
            End::Stream,
        ),
        (
            "8.2.2 Transfer-Encoding",
            with(("transfer-encoding", "chunked")),
            End::Stream,
        ),
        (
            "8.2.2 TE other than trailers",
            with(("te", "gzip")),
            End::Stream,
        ),
        (
            "8.3 an unknown pseudo-field",
            with((":unknown", "x")),
            End::Stream,
        ),
        (
            "8.3 a pseudo-field of answers",
            with((":status", "200")),
            End::Stream,
        ),
        (
            "8.3 a pseudo-field after others",
            asking(&[("x", "y"), REQUEST[0], REQUEST[1], REQUEST[2]]),
            End::Stream,
        ),
        ("8.3.1 no method", asking(&REQUEST[1..]), End::Stream),
        (
            "8.3.1 no scheme",
            asking(&[REQUEST[0], REQUEST[2]]),
            End::Stream,
        ),
        // Without a path h2 takes `/`.
        (
            "8.3.1 an empty path",
            asking(&[REQUEST[0], REQUEST[1], (":path", "")]),
            End::Stream,
        ),
        ("8.3.1 two paths", with((":path", "/")), End::Stream),
    ]
}
