//! Tests of a whole application in one line each.
//!
//! [`conformance`] sends requests made from the application's own OpenAPI document and checks every
//! response against it. [`assert_openapi`] keeps the document in a file and reports each change as
//! breaking, additive or documentation. Write this crate under `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! resourceful-testing = "0.1"
//! ```

mod compat;
mod conformance;
mod golden;

#[doc(hidden)]
pub use self::conformance::conformance_with;
pub use self::conformance::{Conformance, Finding, conformance};
pub use self::golden::assert_openapi;
