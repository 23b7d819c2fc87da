//! Tests of a whole application, in one line each.
//!
//! [`conformance`] sends requests that it generates from the application's own OpenAPI document, and
//! checks every response against the document; [`Conformance::as_callers`] proves that what one caller makes
//! is not the other's. [`assert_openapi`] compares the document with a file,
//! and reports each change as breaking, additive or documentation. [`assert_access_rules`] does so for
//! the access rule and the subject of each route. Add this crate to the `[dev-dependencies]`:
//!
//! ```toml
//! [dev-dependencies]
//! resourceful-testing = "0.1"
//! ```
//!
//! # Examples
//! ```
//! use resourceful::prelude::*;
//! use resourceful_testing::{assert_access_rules, assert_openapi, conformance};
//!
//! struct Tags;
//!
//! #[resource]
//! impl AsyncResource for Tags {
//!     type Access = Public;
//!
//!     async fn list(&self, _: &Request, _: Unpaged) -> Result<Page<String>> {
//!         Ok(Page::all(vec!["rust".to_owned()]))
//!     }
//! }
//!
//! fn app() -> App {
//!     App::new().resource("/tags", Tags)
//! }
//!
//! # fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("openapi.json");
//! # std::fs::write(&path, app().openapi()?.as_value().to_string())?;
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! // In a `#[tokio::test]`:
//! conformance(app()).await;
//! # });
//! // In a `#[test]`, with the path "openapi.json":
//! assert_openapi(&path, &app());
//! # let path = directory.path().join("access.txt");
//! # std::fs::write(&path, app().access_rules().to_string())?;
//! // And with the path "access.txt":
//! assert_access_rules(&path, &app());
//! # Ok(())
//! # }
//! ```

mod compat;
mod conformance;
mod golden;

#[doc(hidden)]
pub use self::conformance::conformance_with;
pub use self::conformance::{Conformance, Credentials, Finding, conformance};
pub use self::golden::{assert_access_rules, assert_openapi};
