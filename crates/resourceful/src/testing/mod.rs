//! What a user's tests say of a whole application in one line each.

mod compat;
mod conformance;
mod golden;

#[doc(hidden)]
pub use self::conformance::conformance_with;
pub use self::conformance::{Conformance, Finding, conformance};
pub use self::golden::assert_openapi;
