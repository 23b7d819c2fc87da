//! [`Subject`]: the grammatical subject of a change's text.

/// A part of an operation: a body, a response, a parameter, or a member of one.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    /// "POST /posts (posts.create)".
    pub(super) operation: String,
    /// "the body", "response 200", "parameter `limit`"; empty for the operation itself.
    label: String,
    /// "posts[].title"; empty for the whole part.
    path: String,
}

impl Subject {
    /// An operation, or another named object.
    pub(super) fn operation(name: impl Into<String>) -> Self {
        Self {
            operation: name.into(),
            label: String::new(),
            path: String::new(),
        }
    }

    /// A component, by its JSON Pointer.
    pub(super) fn component(pointer: &str) -> Self {
        let mut segments = pointer.split('/').skip(2);
        let category = match segments.next().unwrap_or_default() {
            "schemas" => "schema",
            "responses" => "shared response",
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
    pub(super) fn part(&self, label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            path: String::new(),
            ..self.clone()
        }
    }

    /// One of the content types of this part: "response 200 as text/csv".
    pub(super) fn content(&self, name: &str) -> Self {
        self.part(format!("{} as {name}", self.label).trim_start())
    }

    /// A header of this part: "header `Location` of response 201".
    pub(super) fn header(&self, name: &str) -> Self {
        let of = if self.label.is_empty() { "" } else { " of " };
        self.part(format!("header `{name}`{of}{}", self.label))
    }

    /// A member.
    pub(super) fn member(&self, name: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.at(&format!("{dot}{name}"))
    }

    /// The items of an array.
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

    /// "`title` in the body is now required", "response 200: `slug` is gone".
    pub(super) fn sentence(&self, predicate: &str) -> String {
        match (self.label.as_str(), self.path.as_str()) {
            ("", "") => predicate.to_owned(),
            ("", path) => format!("`{path}` {predicate}"),
            (label, "") => format!("{label} {predicate}"),
            (label, path) if is_body(label) => format!("`{path}` in {label} {predicate}"),
            (label, path) => format!("{label}: `{path}` {predicate}"),
        }
    }

    /// "maxLength of `title` in the body was 200, is 100", "parameter `limit`: maximum was ..".
    pub(super) fn keyword_sentence(&self, keyword: &str, predicate: &str) -> String {
        match (self.label.as_str(), self.path.as_str()) {
            ("", "") => format!("{keyword} {predicate}"),
            ("", path) => format!("{keyword} of `{path}` {predicate}"),
            (label, "") => format!("{label}: {keyword} {predicate}"),
            (label, path) if is_body(label) => {
                format!("{keyword} of `{path}` in {label} {predicate}")
            }
            (label, path) => format!("{label}: {keyword} of `{path}` {predicate}"),
        }
    }
}

fn is_body(label: &str) -> bool {
    label.starts_with("the body")
}
