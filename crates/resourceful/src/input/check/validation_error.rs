//! One violation in a document, and its position.

use crate::error::field_error::FieldError;
use crate::input::json_text::path::{Path, Step};

/// The most errors of one response. More help no client, and each costs another read of the body.
pub(crate) const MAX_ERRORS: usize = 100;

/// One violation in a document. The client gets it as a [`FieldError`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ValidationError {
    pub(crate) path: Path,
    pub(crate) detail: String,
}

/// The first [`MAX_ERRORS`], without duplicates.
pub(crate) fn distinct(all: impl Iterator<Item = ValidationError>) -> Vec<ValidationError> {
    let mut errors: Vec<ValidationError> = Vec::new();
    for error in all.take(MAX_ERRORS) {
        if !errors.contains(&error) {
            errors.push(error);
        }
    }
    errors
}

impl ValidationError {
    pub(crate) fn new(path: Path, detail: impl Into<String>) -> Self {
        Self {
            path,
            detail: detail.into(),
        }
    }

    /// An error in a body, at its JSON Pointer (RFC 6901).
    pub(crate) fn in_body(self) -> FieldError {
        let pointer = self
            .path
            .iter()
            .fold(String::new(), |pointer, step| match step {
                Step::Member(name) => pointer + "/" + &name.replace('~', "~0").replace('/', "~1"),
                Step::Element(index) => pointer + "/" + &index.to_string(),
            });
        FieldError::body(pointer, self.detail)
    }

    /// An error in a query parameter. An error in an element of a list belongs to the parameter.
    pub(crate) fn in_query(self) -> FieldError {
        let name = match self.path.into_iter().next() {
            Some(Step::Member(name)) => name,
            _ => String::new(),
        };
        FieldError::query(name, self.detail)
    }
}
