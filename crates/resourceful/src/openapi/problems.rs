//! The problems that an error type can become.

use super::standard_error::StandardError;
use crate::error::{Error, ErrorStatus};

/// An error type of hooks that lists its problems.
///
/// `#[derive(Problem)]` implements it. For a type `Taken` with its own `From<Taken> for Error`, write
/// `impl Problems for Taken {}`, which means any problem, or list the problems.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::{ErrorStatus, ProblemKind, Problems};
///
/// struct Taken;
///
/// impl From<Taken> for Error {
///     fn from(_: Taken) -> Self { Self::conflict("The name is taken.") }
/// }
///
/// impl Problems for Taken {
///     fn kinds() -> Vec<ProblemKind> {
///         vec![ProblemKind::new(ErrorStatus::new(409)).with_detail("The name is taken.")]
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which problems it becomes",
    note = "derive `Problem`; or write `impl From<{Self}> for resourceful::Error` and `impl resourceful::Problems for {Self} {{}}`"
)]
pub trait Problems: Into<Error> {
    /// The names that `#[errors(..)]` accepts.
    #[doc(hidden)]
    const VARIANTS: &'static [&'static str] = &[];

    /// The message for a name in `#[errors(..)]` that is no variant.
    #[doc(hidden)]
    const UNKNOWN_VARIANT: &'static str =
        "`#[errors(..)]` needs an error type that is an enum with `#[derive(Problem)]`";

    /// The problems that the type can become.
    #[must_use]
    fn kinds() -> Vec<ProblemKind> {
        vec![ProblemKind::ANY]
    }
}

/// Any problem.
impl Problems for Error {}

/// One kind of problem in the API document.
///
/// # Examples
/// ```
/// use resourceful::{ErrorStatus, ProblemKind};
/// let kind = ProblemKind::new(ErrorStatus::new(404)).with_detail("Post not found");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProblemKind {
    /// `None` means any.
    pub(crate) status: Option<ErrorStatus>,
    pub(crate) detail: Option<&'static str>,
    pub(crate) problem_type: Option<(&'static str, &'static str)>,
    pub(crate) has_retry_after: bool,
    /// The variant of the error type.
    pub(crate) variant: Option<&'static str>,
}

impl ProblemKind {
    /// Any problem.
    pub const ANY: Self = Self {
        status: None,
        detail: None,
        problem_type: None,
        has_retry_after: false,
        variant: None,
    };

    /// A problem with this status.
    #[must_use]
    pub const fn new(status: ErrorStatus) -> Self {
        Self {
            status: Some(status),
            ..Self::ANY
        }
    }

    /// Sets the text for the client.
    #[must_use]
    pub const fn with_detail(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self
    }

    /// Sets `type` and `title` (RFC 9457 section 3.1).
    #[must_use]
    pub const fn with_type(mut self, uri: &'static str, title: &'static str) -> Self {
        self.problem_type = Some((uri, title));
        self
    }

    /// Adds `Retry-After`.
    #[must_use]
    pub const fn with_retry_after(mut self) -> Self {
        self.has_retry_after = true;
        self
    }

    /// Sets the variant of the error type.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_variant(mut self, name: &'static str) -> Self {
        self.variant = Some(name);
        self
    }

    /// The detail, else the title.
    pub(super) fn text(&self) -> Option<&'static str> {
        self.detail.or(self.problem_type.map(|(_, title)| title))
    }

    /// The error response of the library that is the same.
    pub(super) fn standard_error(self) -> Option<StandardError> {
        if self.text().is_some() || self.has_retry_after {
            return None;
        }
        let status = self.status?.code().to_string();
        let mut all = StandardError::ALL.iter().copied();
        all.find(|error| error.status() == status)
    }

    /// An error of this kind.
    pub(crate) fn error(self) -> Option<Error> {
        let mut error = Error::new(self.status?);
        if let Some(detail) = self.detail {
            error = error.with_detail(detail);
        }
        if let Some((uri, title)) = self.problem_type {
            error = error.with_type(uri, title);
        }
        Some(error)
    }
}
