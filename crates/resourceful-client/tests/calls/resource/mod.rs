//! Calls of a resource's hooks over a socket.

mod hooks;
mod notes;
mod pages;
mod responses;
mod typed;
