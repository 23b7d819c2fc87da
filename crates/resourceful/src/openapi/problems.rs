//! Which problems an error type can become.

use crate::error::{Error, ErrorStatus};

/// What a hook may fail with: an error type that can say which problems it becomes.
///
/// `#[derive(Problem)]` implements it. A type with a `From<It> for Error` of its own says
/// `impl Problems for It {}`, which is "any problem", or lists them:
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
    /// Each problem that it can become.
    #[must_use]
    fn kinds() -> Vec<ProblemKind> {
        vec![ProblemKind::ANY]
    }
}

/// It can be anything.
impl Problems for Error {}

/// One kind of problem, as the document tells of it.
///
/// # Examples
/// ```
/// use resourceful::{ErrorStatus, ProblemKind};
/// let kind = ProblemKind::new(ErrorStatus::new(404)).with_detail("Post not found");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ProblemKind {
    /// None is any.
    pub(crate) status: Option<ErrorStatus>,
    pub(crate) detail: Option<&'static str>,
    pub(crate) problem_type: Option<(&'static str, &'static str)>,
    pub(crate) has_retry_after: bool,
}

impl ProblemKind {
    /// Whatever it is.
    ///
    /// # Examples
    /// ```
    /// let kinds = vec![resourceful::ProblemKind::ANY];
    /// ```
    pub const ANY: Self = Self {
        status: None,
        detail: None,
        problem_type: None,
        has_retry_after: false,
    };

    /// A problem of this status.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{ErrorStatus, ProblemKind};
    /// let kind = ProblemKind::new(ErrorStatus::new(409));
    /// ```
    #[must_use]
    pub const fn new(status: ErrorStatus) -> Self {
        Self {
            status: Some(status),
            ..Self::ANY
        }
    }

    /// The same one with the text that clients read.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{ErrorStatus, ProblemKind};
    /// let kind = ProblemKind::new(ErrorStatus::new(404)).with_detail("Post not found");
    /// ```
    #[must_use]
    pub const fn with_detail(mut self, detail: &'static str) -> Self {
        self.detail = Some(detail);
        self
    }

    /// The same one with its own `type` and `title` (RFC 9457 section 3.1).
    ///
    /// # Examples
    /// ```
    /// use resourceful::{ErrorStatus, ProblemKind};
    /// let kind = ProblemKind::new(ErrorStatus::new(409)).with_type("/problems/quota", "Quota exceeded");
    /// ```
    #[must_use]
    pub const fn with_type(mut self, uri: &'static str, title: &'static str) -> Self {
        self.problem_type = Some((uri, title));
        self
    }

    /// The same one with `Retry-After`.
    ///
    /// # Examples
    /// ```
    /// use resourceful::{ErrorStatus, ProblemKind};
    /// let kind = ProblemKind::new(ErrorStatus::new(503)).with_retry_after();
    /// ```
    #[must_use]
    pub const fn with_retry_after(mut self) -> Self {
        self.has_retry_after = true;
        self
    }

    /// What it is about, as far as it is said.
    pub(super) fn text(&self) -> Option<&'static str> {
        self.detail.or(self.problem_type.map(|(_, title)| title))
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
