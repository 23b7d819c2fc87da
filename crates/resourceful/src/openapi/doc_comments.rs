//! Doc comments of resources and views, for the document.

/// The doc comments of a resource or a class view. `#[resource]` and `#[view]` collect them.
///
/// # Examples
/// ```
/// use resourceful::DocComments;
///
/// const DOCS: DocComments = DocComments::new("Blog posts.", &[("list", "All published posts, newest first.")]);
/// assert_eq!(DOCS.of("list"), "All published posts, newest first.");
/// assert_eq!(DOCS.of("create"), "");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct DocComments {
    whole: &'static str,
    hooks: &'static [(&'static str, &'static str)],
}

impl DocComments {
    /// The text of the type, and the texts of its hooks by name.
    #[must_use]
    pub const fn new(whole: &'static str, hooks: &'static [(&'static str, &'static str)]) -> Self {
        Self { whole, hooks }
    }

    /// The text of the type.
    #[must_use]
    pub const fn whole(self) -> &'static str {
        self.whole
    }

    /// The text of a hook, or an empty one.
    #[must_use]
    pub fn of(self, hook: &str) -> &'static str {
        let found = self.hooks.iter().find(|(name, _)| *name == hook);
        found.map_or("", |(_, text)| text)
    }
}

/// Splits a text into its first paragraph, in one line, and the rest.
pub(crate) fn summary(text: &str) -> (String, String) {
    let (first, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let lines: Vec<_> = first.lines().map(str::trim).collect();
    (lines.join(" "), rest.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn the_first_paragraph_is_the_summary() {
        let text = "All posts,\nnewest first.\n\nOnly *published* ones.\n\nReally.";
        let (first, rest) = summary(text);
        assert_eq!(first, "All posts, newest first.");
        assert_eq!(rest, "Only *published* ones.\n\nReally.");
        assert_eq!(summary(""), (String::new(), String::new()));
    }
}
