//! What tokens of an issuer have in common, signed or opaque.

pub(crate) mod config_error;

pub(crate) mod address;
pub(crate) mod audience;
pub(crate) mod json;

pub(crate) mod bearer;
pub(crate) mod issuer_endpoint;
pub(crate) mod make_caller;
