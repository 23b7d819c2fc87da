//! Tests of resourceful, by behaviour. Sockets only in `server/`, where they are the subject.

// A test that unwraps says all it has to say by failing.
#![allow(clippy::unwrap_used)]

mod fixture;

mod callers;
mod documents;
mod files;
mod input;
mod resource;
mod responses;
mod routing;
mod server;
mod tower;
mod ui;
