//! Responses: problems, headers, representations, the API document.

mod access;
mod document;
mod headers;
mod log;
mod negotiation;
mod panics;
mod problems;
mod typed;
