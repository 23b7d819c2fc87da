//! What a user's tests say of a whole application in one line each.

mod compat;
mod golden;

pub use self::golden::assert_openapi;
