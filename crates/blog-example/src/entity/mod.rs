//! The tables as SeaORM entities.

// `model` generates methods that begin a transaction. They do not accept a `Pool`.
#![allow(clippy::disallowed_methods)]

pub mod account;
pub mod comment;
pub mod draft;
pub mod post;
pub mod user;
