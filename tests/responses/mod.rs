//! What clients read: problems, refusals, representations.

mod access;
mod document;
mod headers;
mod log;
mod negotiation;
mod panics;
mod problems;
