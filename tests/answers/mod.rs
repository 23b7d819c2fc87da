//! What clients read: problems, refusals, representations.

mod access;
mod headers;
mod log;
mod negotiation;
mod panics;
mod problems;
