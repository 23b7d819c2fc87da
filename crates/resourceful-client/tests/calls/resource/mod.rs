//! A resource's hooks, called over a socket by its own types.

mod answers;
mod hooks;
mod notes;
