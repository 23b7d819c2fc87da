//! Converts the values that hooks return into responses.

#[cfg(feature = "cookies")]
pub(crate) mod cookie;
#[cfg(feature = "files")]
pub(crate) mod file;
pub(crate) mod into_response;
pub(crate) mod problem_reply;
pub(crate) mod reply;
pub(crate) mod representation;
pub(crate) mod sse;
#[cfg(feature = "tower")]
pub(crate) mod tower_service;
pub(crate) mod upgrade;
