//! Calls of a resource's hooks over a socket.

mod hooks;
mod notes;
mod responses;
mod typed;
