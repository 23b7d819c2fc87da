//! Starts the example and sends requests to it, on both databases.

// A test may unwrap: the panic is its message.
#![allow(clippy::unwrap_used)]

mod database;
mod killed;
mod talk;
