//! What clients read: problems, refusals, representations.

mod access;
mod headers;
mod negotiation;
mod panics;
mod problems;
