//! What is wrong with a document, and where.

use crate::error::field_error::FieldError;
use crate::input::json_text::path::{Path, Step};

/// More faults than these in one body help nobody, and each costs another try.
pub(crate) const MAX_FAULTS: usize = 100;

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) path: Path,
    pub(crate) detail: String,
}

/// The first hundred, each once.
pub(crate) fn each_once(all: impl Iterator<Item = Fault>) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    for fault in all.take(MAX_FAULTS) {
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }
    faults
}

impl Fault {
    pub(crate) fn new(path: Path, detail: impl Into<String>) -> Self {
        Self {
            path,
            detail: detail.into(),
        }
    }

    /// As a member of a body, by its JSON Pointer (RFC 6901).
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

    /// As a query parameter; what is wrong inside a list is wrong with the parameter.
    pub(crate) fn in_query(self) -> FieldError {
        let name = match self.path.into_iter().next() {
            Some(Step::Member(name)) => name,
            _ => String::new(),
        };
        FieldError::query(name, self.detail)
    }
}
