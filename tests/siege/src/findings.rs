//! Figures and failures of a row.

use std::fmt::{self, Debug, Display};
use std::ops::RangeBounds;

#[derive(Default)]
pub(crate) struct Findings {
    figures: Vec<String>,
    faults: Vec<String>,
}

impl Findings {
    pub(crate) fn failed(why: String) -> Self {
        Self {
            figures: Vec::new(),
            faults: vec![why],
        }
    }

    /// A figure without a limit.
    pub(crate) fn note(&mut self, figure: impl Display) {
        self.figures.push(figure.to_string());
    }

    /// A figure that must be in `allowed`.
    pub(crate) fn check<T: Copy + PartialOrd + Debug>(
        &mut self,
        what: &str,
        figure: T,
        allowed: impl RangeBounds<T> + Debug,
    ) {
        // At most one decimal.
        let text = format!("{what} {figure:.1?}");
        if !allowed.contains(&figure) {
            self.fault(format!("{text}, allowed {allowed:.1?}"));
        }
        self.note(text);
    }

    /// A failure.
    pub(crate) fn fault(&mut self, why: impl Display) {
        self.faults.push(why.to_string());
    }

    pub(crate) fn are_well(&self) -> bool {
        self.faults.is_empty()
    }
}

impl Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for figure in &self.figures {
            write!(f, "{figure}; ")?;
        }
        if self.are_well() {
            return f.write_str("ok");
        }
        write!(f, "FAILED: {}", self.faults.join("; "))
    }
}
