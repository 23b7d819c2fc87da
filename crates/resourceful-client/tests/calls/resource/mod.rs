//! Calls of a resource's hooks over a socket.

mod held;
mod hooks;
mod keys;
mod notes;
mod pages;
mod responses;
mod typed;
