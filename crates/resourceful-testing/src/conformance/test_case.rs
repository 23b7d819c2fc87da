//! A request that is tried, and the one that shows what its answer is worth.

use serde_json::Value;

#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// As [`Operation::input`](super::document::Operation::input) describes it.
    pub(super) input: Value,
    /// The same request without what is expected to be refused. Where the application refuses
    /// this one by a rule of its own, too, the answer to `input` proves nothing.
    pub(super) control: Option<Value>,
}

impl Trial {
    pub(super) fn of(input: Value) -> Self {
        Self {
            input,
            control: None,
        }
    }

    pub(super) fn beside(self, control: Value) -> Self {
        Self {
            control: Some(control),
            ..self
        }
    }
}

/// What came of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// No such request could be made.
    Unmade,
    /// A rule of the application's own was in the way.
    Undecided,
    Decided,
}
