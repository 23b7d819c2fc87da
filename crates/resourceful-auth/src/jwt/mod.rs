//! Tokens of an issuer. A request's token passes `token` (form), `claims` (issuer, audience, times), `keys`
//! (which key) and `algorithm` (signature), in the order of `authenticator`.

pub(crate) mod algorithm;

pub(crate) mod key;

mod token;

mod claims;

mod discovery;
pub(crate) mod jwks;

pub(crate) mod keys;

pub(crate) mod authenticator;

#[cfg(test)]
mod vectors;
