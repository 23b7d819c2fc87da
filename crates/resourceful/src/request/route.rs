//! [`Route`]: a registered path and the positions of its parameters.

use std::sync::Arc;

use crate::request::settings::Settings;

/// A registered path, shared by all its requests.
#[derive(Debug)]
pub(crate) struct Route {
    /// The path as registered, such as `/posts/{id}/`.
    pub(crate) pattern: String,
    /// The parameters in the order of the path.
    pub(crate) parameters: Vec<PathParameter>,
    pub(crate) settings: Arc<Settings>,
}

impl Route {
    pub(crate) fn new(pattern: String, settings: Arc<Settings>) -> Self {
        Self {
            parameters: PathParameter::all(&pattern).collect(),
            pattern,
            settings,
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&PathParameter> {
        self.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }
}

/// A parameter of a path. It is a whole segment. Its value is found by counting slashes, when a hook
/// reads the parameter.
#[derive(Debug, PartialEq)]
pub(crate) struct PathParameter {
    pub(crate) name: String,
    /// The number of slashes before the parameter.
    slashes: usize,
    /// Whether the parameter takes the rest of the path (`{*name}`).
    is_rest: bool,
}

impl PathParameter {
    /// The parameters of a pattern.
    pub(crate) fn all(pattern: &str) -> impl Iterator<Item = Self> {
        let segments = pattern.split('/').enumerate();
        segments.filter_map(|(slashes, segment)| {
            let name = Self::name_in(segment)?;
            let (name, is_rest) = match name.strip_prefix('*') {
                Some(name) => (name, true),
                None => (name, false),
            };
            Some(Self {
                name: name.to_owned(),
                slashes,
                is_rest,
            })
        })
    }

    /// The text between the braces of a segment.
    pub(crate) fn name_in(segment: &str) -> Option<&str> {
        segment.strip_prefix('{')?.strip_suffix('}')
    }

    /// The value of the parameter in a path that matches the route.
    #[inline]
    pub(crate) fn of<'p>(&self, path: &'p str) -> &'p str {
        let mut start = 0;
        let mut left = self.slashes;
        for (at, byte) in path.bytes().enumerate() {
            match (byte, left) {
                (b'/', 0) if self.is_rest => break,
                (b'/', 0) => return &path[start..at],
                (b'/', _) => (left, start) = (left - 1, at + 1),
                _ => {}
            }
        }
        &path[start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_in_a_path() {
        let values = |pattern, path| {
            let all = PathParameter::all(pattern);
            let values: Vec<_> = all.map(|parameter| parameter.of(path).to_owned()).collect();
            values.join(" ")
        };
        assert_eq!(values("/a/{b}/c/{d}/", "/a/1/c/2/"), "1 2");
        assert_eq!(values("/{a}/{*rest}", "/x/y//z"), "x y//z");
        assert_eq!(values("/{a}", "/x/"), "x");
        assert_eq!(values("/a", "/a"), "");
    }
}
