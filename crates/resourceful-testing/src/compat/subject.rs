//! Where a change is, and sentences about it.

/// A place in an operation: a body, an answer, a parameter, or a member of one.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// "POST /posts (posts.create)".
    pub(super) operation: String,
    /// "the body", "answer 200", "parameter `limit`"; empty for the operation itself.
    label: String,
    /// "posts[].title"; empty for the whole.
    path: String,
}

impl Place {
    /// An operation, or whatever else has a name of its own.
    pub(super) fn operation(name: impl Into<String>) -> Self {
        Self {
            operation: name.into(),
            label: String::new(),
            path: String::new(),
        }
    }

    /// What lies in `components`, by its JSON Pointer.
    pub(super) fn component(pointer: &str) -> Self {
        let mut segments = pointer.split('/').skip(2);
        let category = match segments.next().unwrap_or_default() {
            "schemas" => "schema",
            "responses" => "every answer",
            "parameters" => "parameter",
            "securitySchemes" => "security scheme",
            other => other,
        };
        let name = segments.next().unwrap_or_default();
        let path: Vec<_> = segments.filter(|step| *step != "properties").collect();
        Self {
            path: path.join(".").replace("~1", "/"),
            ..Self::operation(format!("{category} `{name}`"))
        }
    }

    /// A part of the operation.
    pub(super) fn labelled(&self, label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            path: String::new(),
            ..self.clone()
        }
    }

    /// One of the content types of this part: "answer 200 as text/csv".
    pub(super) fn content(&self, name: &str) -> Self {
        self.labelled(format!("{} as {name}", self.label).trim_start())
    }

    /// A header of this part: "header `Location` of answer 201".
    pub(super) fn header(&self, name: &str) -> Self {
        let whole = if self.label.is_empty() { "" } else { " of " };
        self.labelled(format!("header `{name}`{whole}{}", self.label))
    }

    /// A member of what is here.
    pub(super) fn member(&self, name: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.at(&format!("{dot}{name}"))
    }

    /// What an array has here.
    pub(super) fn items(&self) -> Self {
        self.at("[]")
    }

    /// One of several alternatives.
    pub(super) fn variant(&self, label: &str) -> Self {
        self.at(&format!("({label})"))
    }

    fn at(&self, step: &str) -> Self {
        Self {
            path: format!("{}{step}", self.path),
            ..self.clone()
        }
    }

    /// "`title` in the body is now required", "answer 200: `slug` is gone".
    pub(super) fn says(&self, what: &str) -> String {
        match (self.label.as_str(), self.path.as_str()) {
            ("", "") => what.to_owned(),
            ("", path) => format!("`{path}` {what}"),
            (label, "") => format!("{label} {what}"),
            (label, path) if is_body(label) => format!("`{path}` in {label} {what}"),
            (label, path) => format!("{label}: `{path}` {what}"),
        }
    }

    /// "maxLength of `title` in the body was 200, is 100", "parameter `limit`: maximum was ..".
    pub(super) fn says_of(&self, keyword: &str, what: &str) -> String {
        match (self.label.as_str(), self.path.as_str()) {
            ("", "") => format!("{keyword} {what}"),
            ("", path) => format!("{keyword} of `{path}` {what}"),
            (label, "") => format!("{label}: {keyword} {what}"),
            (label, path) if is_body(label) => format!("{keyword} of `{path}` in {label} {what}"),
            (label, path) => format!("{label}: {keyword} of `{path}` {what}"),
        }
    }
}

fn is_body(label: &str) -> bool {
    label.starts_with("the body")
}
