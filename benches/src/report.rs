//! What was measured, and how it is shown.

pub(crate) mod results;
pub(crate) mod tables;
