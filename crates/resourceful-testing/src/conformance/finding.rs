//! What is wrong, said once and in order.

use std::collections::BTreeMap;
use std::fmt;

/// One promise of the document that the application does not keep.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful_testing::{Finding, conformance};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let findings: Vec<Finding> = conformance(App::new()).findings().await;
/// for finding in &findings {
///     println!("{}: {}", finding.operation(), finding.message());
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    operation: String,
    check: &'static str,
    message: String,
    curl: String,
}

impl Finding {
    /// The operation's method and path: `POST /posts/`.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_testing::Finding;
    /// let is_of_posts = |finding: &Finding| finding.operation().contains("/posts/");
    /// ```
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// The short name of what was checked: `broken-field`.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_testing::Finding;
    /// let is_leak = |finding: &Finding| finding.check() == "leaked-field";
    /// ```
    #[must_use]
    pub fn check(&self) -> &'static str {
        self.check
    }

    /// What was expected, and what came.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_testing::Finding;
    /// let words = |finding: &Finding| finding.message().split_whitespace().count();
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The smallest request that shows it, for a server on port 8000; empty where it takes none.
    ///
    /// # Examples
    /// ```
    /// # use resourceful_testing::Finding;
    /// let is_shown = |finding: &Finding| finding.curl().starts_with("curl ");
    /// ```
    #[must_use]
    pub fn curl(&self) -> &str {
        &self.curl
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            operation,
            check,
            message,
            curl,
        } = self;
        write!(f, "{operation} [{check}] {message}")?;
        match curl.as_str() {
            "" => Ok(()),
            curl => write!(f, "\n    {curl}"),
        }
    }
}

/// What is wrong with an answer, before it is known how small a request shows it.
#[derive(Clone, Debug)]
pub(super) struct Complaint {
    pub(super) check: &'static str,
    /// What of it is told apart: two complaints of one subject are one finding.
    pub(super) subject: String,
    pub(super) message: String,
}

impl Complaint {
    pub(super) fn new(
        check: &'static str,
        subject: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            check,
            subject: subject.into(),
            message: message.into(),
        }
    }
}

/// By operation, check and subject.
#[derive(Default)]
pub(super) struct Findings(BTreeMap<(String, &'static str, String), Finding>);

impl Findings {
    pub(super) fn knows(&self, operation: &str, complaint: &Complaint) -> bool {
        self.0.contains_key(&key(operation, complaint))
    }

    /// Is there something of this kind already?
    pub(super) fn has(&self, operation: &str, check: &str) -> bool {
        let mut keys = self.0.keys();
        keys.any(|(known, kind, _)| known == operation && *kind == check)
    }

    pub(super) fn add(&mut self, operation: &str, complaint: Complaint, curl: String) {
        let key = key(operation, &complaint);
        self.0.entry(key).or_insert(Finding {
            operation: operation.to_owned(),
            check: complaint.check,
            message: complaint.message,
            curl,
        });
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0.into_values().collect()
    }
}

fn key(operation: &str, complaint: &Complaint) -> (String, &'static str, String) {
    (
        operation.to_owned(),
        complaint.check,
        complaint.subject.clone(),
    )
}
