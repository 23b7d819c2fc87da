//! Paths into a JSON document.

/// One step from a value to a value inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Member(String),
    Element(usize),
}

/// The steps from the root of a document to a value; empty for the root.
pub(crate) type Path = Vec<Step>;
