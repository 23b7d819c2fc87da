//! Stored figures, and their tables and charts.

pub(crate) mod chart;
pub(crate) mod gate;
pub(crate) mod page;
pub(crate) mod pictures;
pub(crate) mod results;
pub(crate) mod tables;
