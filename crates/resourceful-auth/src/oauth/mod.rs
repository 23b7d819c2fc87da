//! OAuth 2 for a resource server: opaque tokens, and the metadata that lead clients to the issuer.

mod response;

pub(crate) mod introspection;
pub(crate) mod protected_resource;
