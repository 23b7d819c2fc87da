//! Serialises response bodies as JSON.

mod escape;
mod writer;

#[cfg(test)]
mod differential_test;

use std::cell::Cell;

use bytes::Bytes;
use serde::Serialize;

use self::writer::Writer;
use crate::error::{Error, Result};

thread_local! {
    /// The write buffer of this thread. The result is copied out, so that it takes one allocation of its
    /// exact size.
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A buffer that has become larger is not kept but returned with its content.
const MAX_KEPT_BUFFER: usize = 32 * 1024;

/// Serialises a value.
///
/// # Errors
/// 500 if the value has no JSON form: a map with keys that are not strings, or a failing `Serialize`.
pub(crate) fn to_bytes(value: &impl Serialize) -> Result<Bytes> {
    // A `Serialize` that calls this function finds an empty buffer.
    let mut buffer = BUFFER.take();
    buffer.clear();
    let writer = Writer { out: &mut buffer };
    value.serialize(writer).map_err(Error::internal)?;
    if buffer.len() > MAX_KEPT_BUFFER {
        return Ok(buffer.into());
    }
    let bytes = Bytes::copy_from_slice(&buffer);
    BUFFER.set(buffer);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use serde::ser::{Error as _, Serializer};

    use super::*;

    struct Inner;

    impl Serialize for Inner {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let inner = to_bytes(&[1, 2]).map_err(S::Error::custom)?;
            serializer.serialize_str(std::str::from_utf8(&inner).map_err(S::Error::custom)?)
        }
    }

    #[test]
    fn the_buffer_is_cleared() {
        assert_eq!(to_bytes(&"long before").unwrap(), "\"long before\"");
        assert_eq!(to_bytes(&1).unwrap(), "1");
        assert_eq!(to_bytes(&[Inner]).unwrap(), "[\"[1,2]\"]");
    }

    #[test]
    fn a_large_buffer_is_not_kept() {
        let large = "x".repeat(2 * MAX_KEPT_BUFFER);
        assert_eq!(to_bytes(&large).unwrap().len(), large.len() + 2);
        assert_eq!(BUFFER.take().capacity(), 0);
    }

    #[test]
    fn a_value_without_json_form_is_an_error() {
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert_eq!(to_bytes(&map).unwrap_err().status(), 500);
    }
}
