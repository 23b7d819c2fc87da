//! Measurements, one file each, and their shared parts. They return figures; `main` stores and prints
//! them.

pub(crate) mod agreement;
pub(crate) mod build;
pub(crate) mod callers;
pub(crate) mod callgrind;
pub(crate) mod client;
pub(crate) mod command_time;
pub(crate) mod connection;
pub(crate) mod count;
pub(crate) mod example;
pub(crate) mod idle;
pub(crate) mod latency;
pub(crate) mod pinned;
pub(crate) mod server;
pub(crate) mod size;
pub(crate) mod statistics;
pub(crate) mod time;
pub(crate) mod tool;
