//! A message as it is published: the `traceparent` of its span, which may be empty, a line feed, and JSON.

use bytes::Bytes;
use resourceful::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::broker::StoredMessage;

/// Largest message as JSON, in bytes.
const MAX_JSON_SIZE: usize = 64 * 1024;

/// Largest message as it is published, in bytes.
#[cfg(feature = "redis")]
pub(crate) const MAX_SIZE: usize = MAX_JSON_SIZE + 1024;

pub(crate) fn encode<M: Serialize>(message: &M) -> Result<Bytes> {
    let mut body = resourceful::traceparent().unwrap_or_default().into_bytes();
    body.push(b'\n');
    let trace_size = body.len();
    serde_json::to_writer(&mut body, message).map_err(Error::internal)?;
    let size = body.len() - trace_size;
    if size > MAX_JSON_SIZE {
        return Err(Error::internal(format!(
            "a message of the bus has at most {MAX_JSON_SIZE} bytes, and this one has {size}"
        )));
    }
    Ok(body.into())
}

pub(crate) fn decode<M: DeserializeOwned>(body: &[u8]) -> serde_json::Result<M> {
    let (_, json) = split(body);
    serde_json::from_slice(json)
}

/// Adds a span to the trace of a message: this process has received it.
pub(crate) fn trace(topic: &str, message: &StoredMessage) {
    let (traceparent, _) = split(&message.body);
    if let Ok(traceparent) = std::str::from_utf8(traceparent)
        && !traceparent.is_empty()
    {
        let span = tracing::info_span!("message", topic, id = %message.id);
        resourceful::continue_trace(&span, Some(traceparent));
    }
}

fn split(body: &[u8]) -> (&[u8], &[u8]) {
    let end = body.iter().position(|byte| *byte == b'\n');
    match end {
        Some(end) => (&body[..end], &body[end + 1..]),
        None => (&[], body),
    }
}
