//! What is measured, a file each, and what they share.

pub(crate) mod agreement;
pub(crate) mod build;
pub(crate) mod callgrind;
pub(crate) mod connection;
pub(crate) mod count;
pub(crate) mod example;
pub(crate) mod gate;
pub(crate) mod idle;
pub(crate) mod latency;
pub(crate) mod load;
pub(crate) mod number;
pub(crate) mod pinned;
pub(crate) mod server;
pub(crate) mod size;
pub(crate) mod time;
pub(crate) mod tool;
pub(crate) mod work;
