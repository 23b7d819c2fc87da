//! The bus over each of its brokers, with real servers.

#![allow(clippy::unwrap_used)]

mod away;
mod contract;
mod parts;
