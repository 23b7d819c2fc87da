//! What is measured, a file each, and what they share.

pub(crate) mod agreement;
pub(crate) mod build;
pub(crate) mod callgrind;
pub(crate) mod count;
pub(crate) mod gate;
pub(crate) mod load;
pub(crate) mod number;
pub(crate) mod server;
