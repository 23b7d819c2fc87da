//! [`Record`]: a response with the fingerprint of its request.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use resourceful::hidden::Attempt;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Identifies the requests that are attempts of one: those with one key, of one caller, to one action at one route.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordId([u8; 32]);

impl RecordId {
    /// The id of these texts. It does not tell them to readers of the store.
    #[must_use]
    pub fn new(operation: [&str; 2], caller: &str, key: &str) -> Self {
        let [route, action] = operation;
        Self(hash([route, action, caller, key].map(str::as_bytes)))
    }

    /// The id as 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// A number from the id, for locks.
    #[cfg(feature = "sql")]
    pub(crate) fn number(&self) -> i64 {
        i64::from_be_bytes(std::array::from_fn(|index| self.0[index]))
    }
}

/// A response, and the fingerprint of the request to which it is the response.
#[derive(Clone, Debug)]
pub struct Record {
    fingerprint: [u8; 32],
    response: Response<Bytes>,
}

/// The part of a record before the body, as JSON.
#[derive(Deserialize)]
struct Head {
    fingerprint: [u8; 32],
    status: u16,
    /// Each byte of a value is a character.
    fields: Vec<(String, String)>,
}

impl Record {
    /// A response to a request with this fingerprint.
    #[must_use]
    pub fn new(fingerprint: [u8; 32], response: Response<Bytes>) -> Self {
        Self {
            fingerprint,
            response,
        }
    }

    /// The response.
    #[must_use]
    pub fn response(&self) -> &Response<Bytes> {
        &self.response
    }

    /// The response, if it is one to a request with this fingerprint.
    pub(crate) fn response_to(self, fingerprint: &[u8; 32]) -> Option<Response<Bytes>> {
        (self.fingerprint == *fingerprint).then_some(self.response)
    }

    /// The record in bytes, for a store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let text = |value: &HeaderValue| -> String {
            let bytes = value.as_bytes().iter();
            bytes.map(|byte| char::from(*byte)).collect()
        };
        let fields = self.response.headers().iter();
        let fields: Vec<_> = fields
            .map(|(name, value)| (name.as_str(), text(value)))
            .collect();
        let head = json!({
            "fingerprint": self.fingerprint,
            "status": self.response.status().as_u16(),
            "fields": fields,
        });
        let mut bytes = head.to_string().into_bytes();
        bytes.push(b'\n');
        bytes.extend_from_slice(self.response.body());
        bytes
    }

    /// The record from the bytes of [`to_bytes`](Self::to_bytes); `None` for any other bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let mut response = Response::new(Bytes::copy_from_slice(&bytes[end + 1..]));
        *response.status_mut() = StatusCode::from_u16(head.status).ok()?;
        for (name, value) in head.fields {
            let name: HeaderName = name.parse().ok()?;
            let value: Option<Vec<u8>> =
                value.chars().map(|byte| u8::try_from(byte).ok()).collect();
            let value = HeaderValue::from_bytes(&value?).ok()?;
            response.headers_mut().append(name, value);
        }
        Some(Self::new(head.fingerprint, response))
    }

    /// The size in memory in bytes, at most.
    pub(crate) fn size(&self) -> usize {
        let fields = self.response.headers().iter();
        let fields = fields.map(|(name, value)| name.as_str().len() + value.len() + 100);
        512 + fields.sum::<usize>() + self.response.body().len()
    }
}

/// The fingerprint of a request: its method, its target and its body.
pub(crate) fn fingerprint(attempt: &Attempt) -> [u8; 32] {
    hash([
        attempt.method().as_str().as_bytes(),
        attempt.path().as_bytes(),
        attempt.query().as_bytes(),
        attempt.body(),
    ])
}

/// The hash of these parts, each with its length.
fn hash<const N: usize>(parts: [&[u8]; N]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_from_its_bytes() {
        let mut response = Response::new(Bytes::from_static(b"{\"text\":\"a\\nb\"}\n\xff\0"));
        *response.status_mut() = StatusCode::CREATED;
        for value in [&b"/payments/7"[..], b"caf\xe9", b"a\tb", b""] {
            let value = HeaderValue::from_bytes(value).unwrap();
            response.headers_mut().append("x-field", value);
        }
        let record = Record::new([7; 32], response);
        let read = Record::from_bytes(&record.to_bytes()).unwrap();
        assert_eq!(read.response().status(), 201);
        assert_eq!(read.response().headers(), record.response().headers());
        assert_eq!(read.response().body(), record.response().body());
        assert!(read.clone().response_to(&[7; 32]).is_some());
        assert!(read.response_to(&[8; 32]).is_none());
        for bytes in [&b""[..], b"\n", b"{}\n", b"no head"] {
            assert!(Record::from_bytes(bytes).is_none());
        }
    }

    #[test]
    fn ids_do_not_run_into_each_other() {
        let id = RecordId::new(["payments", "create"], "ada", "1");
        assert_eq!(id, RecordId::new(["payments", "create"], "ada", "1"));
        for (operation, caller, key) in [
            (["payments", "create"], "ada1", ""),
            (["payments", "create"], "", "ada1"),
            (["paymentscreate", ""], "ada", "1"),
            (["payments", "refund"], "ada", "1"),
            (["payments", "create"], "bob", "1"),
            (["payments", "create"], "ada", "2"),
        ] {
            assert_ne!(id, RecordId::new(operation, caller, key));
        }
        assert_eq!(id.to_hex().len(), 64);
    }
}
