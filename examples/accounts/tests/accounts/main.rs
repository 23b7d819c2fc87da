//! Starts the example and sends requests to it.

#![allow(clippy::unwrap_used)]

mod browser;
mod contract;
mod http;
mod visitor;
