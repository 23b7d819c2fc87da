//! One difference between two documents, and whom it hurts.

use std::fmt;

/// What a change means for those who use the API today. In the order of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A client that was right may now be wrong.
    Breaking,
    /// Clients go on as they are, and may do more.
    Additive,
    /// Nothing but words.
    Documentation,
}

/// One difference, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: Kind,
    /// The operation, or what several of them share.
    pub(crate) place: String,
    pub(crate) text: String,
}

impl fmt::Display for Change {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place, self.text)
    }
}

/// Who makes the value that a schema describes.
///
/// A client is broken by a server that takes less, and by one that answers more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The client: bodies, parameters.
    Sent,
    /// The server.
    Answered,
}

impl Side {
    /// What it means that fewer values are allowed.
    pub(super) fn narrower(self) -> Kind {
        match self {
            Self::Sent => Kind::Breaking,
            Self::Answered => Kind::Additive,
        }
    }

    /// What it means that more values are allowed.
    pub(super) fn wider(self) -> Kind {
        match self {
            Self::Sent => Kind::Additive,
            Self::Answered => Kind::Breaking,
        }
    }
}
