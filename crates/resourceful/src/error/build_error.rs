//! Start-up errors, reported all at once.

use std::fmt;
use std::panic::Location;

use crate::error::Error;

/// All errors of an application, each with the source lines that caused it.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
///
/// async fn hello(_: Request) -> Result<&'static str> { Ok("hello") }
///
/// let errors = App::new()
///     .get("no-slash", public(hello))
///     .get("/hello", public(hello))
///     .get("/hello", public(hello))
///     .build()
///     .unwrap_err();
/// assert_eq!(errors.iter().count(), 2);
/// println!("{errors}");
/// ```
#[derive(Debug)]
pub struct BuildErrors(Vec<BuildError>);

impl BuildErrors {
    pub(crate) fn new(errors: Vec<BuildError>) -> Self {
        Self(errors)
    }

    /// Each error as one line of text.
    pub fn iter(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(ToString::to_string)
    }
}

impl fmt::Display for BuildErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the application cannot be built:")?;
        self.0
            .iter()
            .try_for_each(|error| write!(f, "\n  - {error}"))
    }
}

impl std::error::Error for BuildErrors {}

impl From<BuildErrors> for Error {
    fn from(errors: BuildErrors) -> Self {
        Self::internal(errors)
    }
}

/// One start-up error.
#[derive(Debug)]
pub(crate) struct BuildError {
    message: String,
    callers: Vec<&'static Location<'static>>,
}

impl BuildError {
    pub(crate) fn new(message: String, callers: &[&'static Location<'static>]) -> Self {
        Self {
            message,
            callers: callers.to_vec(),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let callers: Vec<_> = self.callers.iter().map(ToString::to_string).collect();
        write!(f, "{}, at {}", self.message, callers.join(" and "))
    }
}
