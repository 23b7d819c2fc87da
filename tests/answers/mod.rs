//! What clients read: problems, refusals, representations.

mod access;
mod negotiation;
mod panics;
mod problems;
