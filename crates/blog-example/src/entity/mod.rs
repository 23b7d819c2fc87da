//! The tables as SeaORM entities.

pub mod account;
pub mod comment;
pub mod draft;
pub mod post;
pub mod user;
