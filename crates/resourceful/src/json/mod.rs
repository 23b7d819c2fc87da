//! Values written as JSON.

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
    /// Where this thread writes. What was written is copied out at its exact size: one allocation,
    /// however long it is, and no guess before.
    static PAGE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A page that has become larger is given away with what is written on it.
const LARGEST_PAGE: usize = 32 * 1024;

/// # Errors
/// When the value has no JSON: a map whose keys are no strings, a `Serialize` that says so.
pub(crate) fn to_bytes(value: &impl Serialize) -> Result<Bytes> {
    // A `Serialize` that comes here itself finds an empty page.
    let mut page = PAGE.take();
    page.clear();
    let writer = Writer { out: &mut page };
    value.serialize(writer).map_err(Error::internal)?;
    if page.len() > LARGEST_PAGE {
        return Ok(page.into());
    }
    let bytes = Bytes::copy_from_slice(&page);
    PAGE.set(page);
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
    fn what_was_written_before_is_gone() {
        assert_eq!(to_bytes(&"long before").unwrap(), "\"long before\"");
        assert_eq!(to_bytes(&1).unwrap(), "1");
        assert_eq!(to_bytes(&[Inner]).unwrap(), "[\"[1,2]\"]");
    }

    #[test]
    fn a_large_page_is_given_away() {
        let large = "x".repeat(2 * LARGEST_PAGE);
        assert_eq!(to_bytes(&large).unwrap().len(), large.len() + 2);
        assert_eq!(PAGE.take().capacity(), 0);
    }

    #[test]
    fn what_has_no_json_is_an_error() {
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert_eq!(to_bytes(&map).unwrap_err().status(), 500);
    }
}
