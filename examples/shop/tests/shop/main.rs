//! Starts the example and sends requests to it, on both databases.

// A test may unwrap: the panic is its message.
#![allow(clippy::unwrap_used)]

mod killed;
mod programs;
mod talk;
