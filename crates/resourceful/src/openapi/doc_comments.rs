//! Doc comments on their way into the document.

/// What the doc comments of a resource or a class view say; `#[resource]` and `#[view]` collect
/// them.
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
    /// The text of the whole, and those of its hooks by their names.
    ///
    /// # Examples
    /// ```
    /// const DOCS: resourceful::DocComments = resourceful::DocComments::new("Blog posts.", &[]);
    /// ```
    #[must_use]
    pub const fn new(whole: &'static str, hooks: &'static [(&'static str, &'static str)]) -> Self {
        Self { whole, hooks }
    }

    /// The text of the whole.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::DocComments::new("Blog posts.", &[]).whole(), "Blog posts.");
    /// ```
    #[must_use]
    pub const fn whole(self) -> &'static str {
        self.whole
    }

    /// The text of a hook; empty, if there is none.
    ///
    /// # Examples
    /// ```
    /// assert_eq!(resourceful::DocComments::default().of("list"), "");
    /// ```
    #[must_use]
    pub fn of(self, hook: &str) -> &'static str {
        let found = self.hooks.iter().find(|(name, _)| *name == hook);
        found.map_or("", |(_, text)| text)
    }
}

/// The first paragraph in one line, and the rest.
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
