//! Traits that users implement, and the types in their signatures.
//!
//! [`crate::endpoint`] runs the implementations.

pub(crate) mod access;
pub(crate) mod authenticate;
pub(crate) mod authenticator;
pub(crate) mod conditional;
pub(crate) mod description;
pub(crate) mod endpoint_function;
pub(crate) mod gate;
pub(crate) mod id;
pub(crate) mod idempotency;
pub(crate) mod only;
pub(crate) mod open_subject;
pub(crate) mod parent;
pub(crate) mod resource;
pub(crate) mod resource_action;
pub(crate) mod signature;
pub(crate) mod signed_in;
pub(crate) mod standard_actions;
pub(crate) mod subject;
pub(crate) mod unused;
pub(crate) mod view;
