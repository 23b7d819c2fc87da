//! [`Finding`], and the ordered set of all findings.

use std::collections::BTreeMap;
use std::fmt;

/// A difference between the application and its document.
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
    /// Method and path of the operation: `POST /posts/`.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// Name of the failed check: `broken-field`.
    #[must_use]
    pub fn check(&self) -> &'static str {
        self.check
    }

    /// Expected and actual behaviour.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Smallest failing request as a `curl` command, for a server on port 8000. Empty if the finding
    /// needs no request.
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

/// A failed check of a response, before its request is shrunk.
#[derive(Clone, Debug)]
pub(super) struct Violation {
    pub(super) check: &'static str,
    /// Violations with the same key are one finding.
    pub(super) dedup_key: String,
    pub(super) message: String,
}

impl Violation {
    pub(super) fn new(
        check: &'static str,
        dedup_key: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            check,
            dedup_key: dedup_key.into(),
            message: message.into(),
        }
    }
}

/// Findings by operation, check and key.
#[derive(Default)]
pub(super) struct Findings(BTreeMap<(String, &'static str, String), Finding>);

impl Findings {
    pub(super) fn knows(&self, operation: &str, violation: &Violation) -> bool {
        self.0.contains_key(&key(operation, violation))
    }

    /// Whether this check of the operation has a finding.
    pub(super) fn has(&self, operation: &str, check: &str) -> bool {
        let mut keys = self.0.keys();
        keys.any(|(known, kind, _)| known == operation && *kind == check)
    }

    pub(super) fn add(&mut self, operation: &str, violation: Violation, curl: String) {
        let key = key(operation, &violation);
        self.0.entry(key).or_insert(Finding {
            operation: operation.to_owned(),
            check: violation.check,
            message: violation.message,
            curl,
        });
    }

    pub(super) fn into_vec(self) -> Vec<Finding> {
        self.0.into_values().collect()
    }
}

fn key(operation: &str, violation: &Violation) -> (String, &'static str, String) {
    (
        operation.to_owned(),
        violation.check,
        violation.dedup_key.clone(),
    )
}
