//! Converts the values that hooks return into responses.

pub(crate) mod content;
#[cfg(feature = "cookies")]
pub(crate) mod cookie;
#[cfg(feature = "csv")]
pub(crate) mod csv;
pub(crate) mod destroy_output;
pub(crate) mod fields;
#[cfg(feature = "files")]
pub(crate) mod file;
pub(crate) mod into_response;
pub(crate) mod location;
pub(crate) mod media_type;
pub(crate) mod next_link;
pub(crate) mod problem_reply;
pub(crate) mod received;
pub(crate) mod redirect;
pub(crate) mod reply;
pub(crate) mod representation;
pub(crate) mod sse;
pub(crate) mod status;
#[cfg(feature = "tower")]
pub(crate) mod tower_service;
pub(crate) mod upgrade;
