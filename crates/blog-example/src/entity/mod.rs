//! The tables as SeaORM entities.

// `model` writes methods that begin a transaction. They take no `Pool`, which cannot begin one.
#![allow(clippy::disallowed_methods)]

pub mod comment;
pub mod post;
pub mod user;
