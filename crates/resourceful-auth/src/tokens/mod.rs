//! Parts that signed and opaque tokens of an issuer share.

pub(crate) mod config_error;

pub(crate) mod address;
pub(crate) mod audience;
pub(crate) mod json;

pub(crate) mod bearer;
pub(crate) mod issuer_endpoint;
pub(crate) mod make_caller;
