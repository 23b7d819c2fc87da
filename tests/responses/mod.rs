//! Responses: problems, headers, representations, the API document.

mod access;
mod cookies;
mod document;
mod errors_of_hooks;
mod headers;
mod log;
mod negotiation;
mod next_link;
mod panics;
mod problems;
mod typed;
