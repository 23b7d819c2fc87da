//! [`ApiChange`]: one difference between two documents, and its impact.

use std::fmt;

/// Impact on existing clients, in the order of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Impact {
    /// A correct client may fail now.
    Breaking,
    /// Existing clients work as before.
    Additive,
    /// Only texts changed.
    Documentation,
}

/// One difference as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiChange {
    pub(crate) impact: Impact,
    /// The operation, or a component that operations share.
    pub(crate) subject: String,
    pub(crate) text: String,
}

impl fmt::Display for ApiChange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.subject, self.text)
    }
}

/// Direction of the values that a schema describes.
///
/// A server breaks clients if it accepts less, or if it returns more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// Sent by the client: bodies, parameters.
    Request,
    /// Sent by the server.
    Response,
}

impl Direction {
    /// Impact if fewer values are allowed.
    pub(super) fn narrowed(self) -> Impact {
        match self {
            Self::Request => Impact::Breaking,
            Self::Response => Impact::Additive,
        }
    }

    /// Impact if more values are allowed.
    pub(super) fn widened(self) -> Impact {
        match self {
            Self::Request => Impact::Additive,
            Self::Response => Impact::Breaking,
        }
    }
}
