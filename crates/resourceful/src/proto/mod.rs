//! Rules of HTTP that depend only on bytes: paths, hosts, peers, parameters, negotiation. Every step of a
//! request uses them.

pub(crate) mod connection_info;
pub(crate) mod cookie;
pub(crate) mod forwarded;
pub(crate) mod host;
pub(crate) mod negotiate;
pub(crate) mod parameters;
pub(crate) mod path;
pub(crate) mod preconditions;
pub(crate) mod validators;
