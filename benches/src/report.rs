//! What was measured, and how it is shown.

pub(crate) mod chart;
pub(crate) mod page;
pub(crate) mod pictures;
pub(crate) mod results;
pub(crate) mod tables;
