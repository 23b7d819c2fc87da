//! The tables as SeaORM entities.

pub mod comment;
pub mod post;
pub mod user;
