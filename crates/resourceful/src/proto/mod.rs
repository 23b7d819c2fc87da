//! Rules of HTTP that need nothing but bytes: paths, hosts, peers, parameters, negotiation.

pub(crate) mod connection_info;
pub(crate) mod cookie;
pub(crate) mod forwarded;
pub(crate) mod host;
pub(crate) mod negotiate;
pub(crate) mod parameters;
pub(crate) mod path;
