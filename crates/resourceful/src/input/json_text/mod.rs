//! JSON text before it has a type: a strict scan, and the place of each value in the text.

pub(crate) mod integers;
pub(crate) mod path;
pub(crate) mod scan;
pub(crate) mod tape;
