//! Handwritten HTTP/2 frames (RFC 9113), which may be invalid.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// Connection preface (section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const CONTINUATION: u8 = 9;

/// A flag of SETTINGS and PING.
pub(crate) const ACK: u8 = 1;
/// A flag of DATA and HEADERS.
pub(crate) const END_STREAM: u8 = 1;
/// A flag of HEADERS and CONTINUATION.
pub(crate) const END_HEADERS: u8 = 4;

/// Maximum payload that every server accepts.
pub(crate) const LONGEST: usize = 16_384;

#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// A frame of the connection.
    pub(crate) fn of_connection(kind: u8, flags: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self::of_stream(0, kind, flags, payload)
    }

    pub(crate) fn of_stream(stream: u32, kind: u8, flags: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            kind,
            flags,
            stream,
            payload: payload.into(),
        }
    }

    pub(crate) fn write_to(&self, bytes: &mut Vec<u8>) {
        let length = u32::try_from(self.payload.len()).expect("a payload is at most 16 MiB");
        bytes.extend_from_slice(&length.to_be_bytes()[1..]);
        bytes.extend_from_slice(&[self.kind, self.flags]);
        bytes.extend_from_slice(&self.stream.to_be_bytes());
        bytes.extend_from_slice(&self.payload);
    }

    /// The next frame; an error at the end of the connection.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Self> {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, rest @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]);
        let mut payload = vec![0; length as usize];
        stream.read_exact(&mut payload).await?;
        Ok(Self {
            kind,
            flags,
            stream: u32::from_be_bytes(rest),
            payload,
        })
    }

    /// Error code of a GOAWAY (section 6.8).
    pub(crate) fn error_code(&self) -> Option<u32> {
        let code = self.payload.get(4..8)?.try_into().ok()?;
        (self.kind == GOAWAY).then(|| u32::from_be_bytes(code))
    }
}

/// The preface and empty settings.
pub(crate) fn opening() -> Vec<u8> {
    let mut bytes = PREFACE.to_vec();
    Frame::of_connection(SETTINGS, 0, []).write_to(&mut bytes);
    bytes
}

/// Header block of a request (RFC 7541) with names by index of the static table.
pub(crate) fn header_block(method: Method, path: &str) -> Vec<u8> {
    let mut block = vec![method as u8, 0x86, 0x04];
    write_string(path, &mut block);
    block.push(0x01); // :authority
    write_string("x", &mut block);
    block
}

#[derive(Clone, Copy)]
pub(crate) enum Method {
    Get = 0x82,
    Post = 0x83,
}

/// A length-prefixed string without Huffman coding (RFC 7541 section 5.2).
pub(crate) fn write_string(text: &str, block: &mut Vec<u8>) {
    let mut rest = text.len();
    if rest < 0x7f {
        block.extend(u8::try_from(rest));
    } else {
        block.push(0x7f);
        rest -= 0x7f;
        while rest >= 0x80 {
            block.extend(u8::try_from(rest % 0x80 + 0x80));
            rest /= 0x80;
        }
        block.extend(u8::try_from(rest));
    }
    block.extend_from_slice(text.as_bytes());
}
