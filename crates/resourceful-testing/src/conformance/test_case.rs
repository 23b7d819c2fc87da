//! [`TestCase`]: an input with its control.

use serde_json::Value;

#[derive(Clone, Debug)]
pub(super) struct TestCase {
    /// Instance of [`Operation::input`](super::operation::Operation::input).
    pub(super) input: Value,
    /// The same request without the expected fault. If the application's own rules refuse the
    /// control, too, the result of `input` is inconclusive.
    pub(super) control: Option<Value>,
}

impl TestCase {
    pub(super) fn of(input: Value) -> Self {
        Self {
            input,
            control: None,
        }
    }

    pub(super) fn with_control(self, control: Value) -> Self {
        Self {
            control: Some(control),
            ..self
        }
    }
}

/// Verdict on a test case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No input could be generated.
    NotGenerated,
    /// The application's own rules refused the control.
    Inconclusive,
    Conclusive,
}
