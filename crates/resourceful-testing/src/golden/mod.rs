//! Golden files: a test compares what an application promises with a file under version control.

mod access_rules;
mod file;
mod openapi;

pub use self::access_rules::assert_access_rules;
pub use self::openapi::assert_openapi;
